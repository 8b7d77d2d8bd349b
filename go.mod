module github.com/podflow/podflow

go 1.26

require (
	github.com/stretchr/testify v1.11.1
	gonum.org/v1/gonum v0.17.0
	k8s.io/api v0.35.4
	k8s.io/apimachinery v0.35.4
	k8s.io/client-go v0.35.4
	sigs.k8s.io/yaml v1.6.0
)
