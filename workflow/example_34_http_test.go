package workflow_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/podflow/podflow/executor/local"
	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// A request is a template too: the run itself makes it, whatever the executor. It is tried again as a container is,
// and its result is the body of the response.
func Example_http() {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked == 1 {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"city": %q, "degrees": 21}`, r.URL.Query().Get("city"))
	}))
	defer server.Close()

	type weather struct {
		City    string
		Degrees int
	}
	const (
		city = workflow.Param[string]("city")
		now  = workflow.Param[weather]("now")
	)
	var body workflow.Result[weather]
	ask := workflow.HTTP("ask", server.URL+"/?city="+city.Ref()).Inputs(city).
		Success(workflow.ResponseStatus.Is(http.StatusOK)).
		Retry(workflow.Retry{Limit: 3}).
		Timeout(time.Minute)
	tell := workflow.Func("tell", func(_ context.Context, in struct {
		Now weather `json:"now"`
	}) (struct{}, error) {
		fmt.Printf("%s: %d degrees\n", in.Now.City, in.Now.Degrees)
		return struct{}{}, nil
	})

	s := steps.New("forecast")
	a := s.Step("ask", ask, city.Set("Utrecht"))
	s.Step("tell", tell, now.From(body.Of(a)))
	run, err := workflow.Must(workflow.New("forecast-", s)).Run(context.Background(), local.New())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, path := range []string{"[0].ask(0)", "[0].ask(1)"} {
		n := run.Node(path)
		fmt.Println(n.Type, n.Phase, n.Message)
	}
	// Output:
	// Utrecht: 21 degrees
	// HTTP Failed successCondition 'asInt(response.statusCode) == 200' evaluated false
	// HTTP Succeeded
}
