// ABOUT: Go: openapi-generator's go, with what it needs from Debian's packages
// REQUIRES: python java go
// RUN: openapi-generator-cli generate -i openapi.json -g go -o src/client
// RUN: export GO111MODULE=off GOPATH=$PWD:/usr/share/gocode; go vet client; go build generator_go.go
// RUN: ./generator_go

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"

	openapi "client"
)

const password = "correct horse battery staple"

// A problem, of whatever kind.
type problem struct {
	Code    string
	Errors  []openapi.FieldError
	Detail  string
	Current *openapi.Task
}

// The problem that the client made of a failure.
func problemOf(err error) (made problem) {
	failure, known := err.(*openapi.GenericOpenAPIError)
	check(known && failure.Model() != nil, "a problem", err)
	text, err := json.Marshal(failure.Model())
	must(err)
	must(json.Unmarshal(text, &made))
	return made
}

func must(err error) {
	if failure, known := err.(*openapi.GenericOpenAPIError); known {
		panic(fmt.Sprint(err, string(failure.Body())))
	}
	if err != nil {
		panic(err)
	}
}

func check(holds bool, what string, found any) {
	if !holds {
		panic(fmt.Sprint(what, ": ", found))
	}
}

func main() {
	configuration := openapi.NewConfiguration()
	configuration.Servers = openapi.ServerConfigurations{{URL: os.Getenv("API")}}
	client := openapi.NewAPIClient(configuration)
	auth, tasks := client.AuthAPI, client.TasksAPI
	anyone := context.Background()
	as := func(token string) context.Context {
		return context.WithValue(anyone, openapi.ContextAccessToken, token)
	}
	email := "generator-go@example.com"

	user, _, err := auth.Register(anyone).Registration(*openapi.NewRegistration(email, password)).Execute()
	must(err)
	check(user.Email == email && user.CreatedAt.Year() >= 2020, "the user", user)
	_, _, err = auth.Login(anyone).Username(email).Password("not this one").Execute()
	check(problemOf(err).Code == "invalid_credentials", "a wrong password", err)
	pair, _, err := auth.Login(anyone).Username(email).Password(password).Execute()
	must(err)
	ann := as(pair.AccessToken)

	create := func(title string) (*openapi.Task, *http.Response, error) {
		return tasks.CreateTask(ann).CreateTask(*openapi.NewCreateTask(title)).Execute()
	}
	milk, created, err := create("Buy milk")
	must(err)
	check(milk.Status == openapi.TODO && len(milk.Labels) == 0, "the task", milk)
	tag := created.Header.Get("ETag")
	_, _, err = create("")
	invalid := problemOf(err)
	check(invalid.Code == "validation_failed", "an empty title", invalid)
	check(invalid.Errors[0].GetPointer() == "/title", "its place", invalid)

	for _, title := range []string{"One", "Two", "Three", "Four"} {
		task := openapi.NewCreateTask(title)
		task.SetStatus(openapi.IN_PROGRESS)
		_, _, err := tasks.CreateTask(ann).CreateTask(*task).Execute()
		must(err)
	}
	statuses := []openapi.Status{openapi.TODO, openapi.IN_PROGRESS}
	query := tasks.ListTasks(ann).Status(statuses).CreatedAfter("2020-01-01")
	listed, _, err := query.Execute()
	must(err)
	check(len(listed) == 5, "the list", listed)

	titles, page := []string{}, query.Limit(2)
	for {
		part, answer, err := page.Execute()
		must(err)
		for _, task := range part {
			titles = append(titles, task.Title)
		}
		link := regexp.MustCompile(`<(.*)>; rel="next"`).FindStringSubmatch(answer.Header.Get("Link"))
		if link == nil {
			break
		}
		next, err := url.Parse(link[1])
		must(err)
		page = page.Cursor(next.Query().Get("cursor"))
	}
	expected := []string{"Four", "Three", "Two", "One", "Buy milk"}
	check(reflect.DeepEqual(titles, expected), "all pages", titles)

	patch := openapi.NewUpdateTask()
	patch.SetStatus(openapi.DONE)
	patch.SetDueAtNil()
	update := tasks.UpdateTask(ann, milk.Id).UpdateTask(*patch).IfMatch(tag)
	patched, _, err := update.Execute()
	must(err)
	check(patched.Version == 2, "the new version", patched)
	_, _, err = update.Execute()
	stale := problemOf(err)
	check(stale.Code == "version_mismatch" && stale.Current.Version == 2, "an old tag", stale)

	change := func(priority openapi.Priority, version int64) openapi.BatchOperation {
		task := openapi.NewUpdateTaskInBatch()
		task.SetPriority(priority)
		operation := openapi.UpdateOperation{Op: "update", Id: milk.Id, Task: *task}
		operation.SetIfVersion(version)
		return openapi.UpdateOperationAsBatchOperation(&operation)
	}
	batch := openapi.NewBatchRequest([]openapi.BatchOperation{
		openapi.CreateOperationAsBatchOperation(
			&openapi.CreateOperation{Op: "create", Task: *openapi.NewCreateTaskInBatch("From a batch")}),
		change(openapi.HIGH, 2),
		change(openapi.LOW, 1),
		openapi.DeleteOperationAsBatchOperation(&openapi.DeleteOperation{Op: "delete", Id: milk.Id}),
		change(openapi.LOW, 3),
	})
	batch.SetAtomic(false)
	done, _, err := tasks.BatchTasks(ann).BatchRequest(*batch).Execute()
	must(err)
	seen := []string{}
	for _, result := range done.Results {
		var made struct {
			Status  int
			Task    *openapi.Task
			Problem *problem
		}
		text, err := json.Marshal(result)
		must(err)
		must(json.Unmarshal(text, &made))
		about := fmt.Sprint(made.Status)
		switch {
		case made.Task != nil:
			about += " " + made.Task.Title
		case made.Problem != nil && made.Problem.Current != nil:
			about += " " + made.Problem.Current.Title
		case made.Problem != nil:
			about += " " + made.Problem.Code
		}
		seen = append(seen, about)
	}
	expected = []string{"201 From a batch", "200 Buy milk", "412 Buy milk", "204", "404 not_found"}
	check(reflect.DeepEqual(seen, expected), "the batch", seen)

	once := tasks.CreateTask(ann).CreateTask(*openapi.NewCreateTask("Order bread")).IdempotencyKey("go")
	first, _, err := once.Execute()
	must(err)
	again, answer, err := once.Execute()
	must(err)
	check(reflect.DeepEqual(first, again), "the same answer", again)
	check(answer.Header.Get("Idempotency-Replayed") == "true", "replayed", answer.Header)

	renewed, _, err := auth.Refresh(anyone).GrantType("refresh_token").RefreshToken(pair.RefreshToken).Execute()
	must(err)
	ann = as(renewed.AccessToken)
	task, _, err := tasks.GetTask(ann, first.Id).Execute()
	must(err)
	check(task.Title == "Order bread", "the task after a refresh", task)
	_, err = auth.Logout(ann).Execute()
	must(err)
	_, _, err = auth.GetCurrentUser(ann).Execute()
	check(problemOf(err).Code == "invalid_token", "after the logout", err)
}
