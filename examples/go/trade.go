// Hires a trading agent over the API of Stint, signs its draft and has it executed.
//
// Needs Go 1.19 or newer, and no module: go run examples/go/trade.go. It reads three variables:
//
//	STINT_URL       the front door; http://127.0.0.1:4100 unless given
//	CUSTOMER_TOKEN  on the local stack: npx stint token --role customer --subject acme
//	OPERATOR_TOKEN  on the local stack: npx stint token --role operator --subject olga
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

const tries = 5

var api = "http://127.0.0.1:4100/api/v1"
var client = &http.Client{Timeout: 30 * time.Second}

// Problem is what the API refuses (RFC 9457). Decide by Code, which is stable; the words are for people.
type Problem struct {
	Status int
	Code   string
	Title  string
	Detail string
	Errors []Fault
}

// Fault is one fault of a request or of a config: its JSON path, and what to change.
type Fault struct{ Path, Message string }

func (p *Problem) Error() string {
	words := p.Title
	if p.Detail != "" {
		words = p.Detail
	}
	for _, fault := range p.Errors {
		words += "; " + fault.Path + " " + fault.Message
	}
	return fmt.Sprintf("%d %s: %s", p.Status, p.Code, words)
}

// Whether the same request may succeed later.
func (p *Problem) isPassing() bool {
	switch p.Status {
	case 429, 502, 503, 504:
		return true
	}
	return p.Code == "idempotency_in_flight"
}

func newKey() string {
	bytes := make([]byte, 16)
	if _, err := rand.Read(bytes); err != nil {
		log.Fatal(err)
	}
	return fmt.Sprintf("%x", bytes)
}

// Sends a request once. The pause says how long to wait before the next try, should there be one.
func send(token, method, path string, body []byte, key string, into any) (pause time.Duration, err error) {
	pause = time.Second
	request, err := http.NewRequest(method, api+path, bytes.NewReader(body))
	if err != nil {
		return pause, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if method != http.MethodGet {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := client.Do(request)
	if err != nil {
		return pause, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return pause, err
	}
	if answer.StatusCode < 400 {
		return pause, json.Unmarshal(text, into)
	}
	problem := &Problem{Title: answer.Status}
	_ = json.Unmarshal(text, problem) // a proxy's page is none of ours: then the status says all there is
	problem.Status = answer.StatusCode
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		pause = time.Duration(seconds) * time.Second
	}
	return pause, problem
}

// Sends a request and reads its answer. All tries have one Idempotency-Key, so that none happens twice.
func call(token, method, path string, body, into any) error {
	var data []byte
	if method != http.MethodGet {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return err
		}
	}
	key := newKey()
	for left := tries - 1; ; left-- {
		pause, err := send(token, method, path, data, key, into)
		var problem *Problem
		// Without an answer it may have happened, or not: then it is sent again as well
		if err == nil || left == 0 || (errors.As(err, &problem) && !problem.isPassing()) {
			return err
		}
		time.Sleep(pause)
	}
}

// Object is the body of a request.
type Object map[string]any

func must(err error) {
	if err != nil {
		log.Fatal("Stint refuses: ", err)
	}
}

func signUp(customer string) string {
	var made struct {
		CustomerID string `json:"customer_id"`
	}
	err := call(customer, "POST", "/customers", Object{
		"full_name":                "Asha Rao",
		"email":                    "asha@example.org",
		"phone":                    "+91 98200 00001",
		"business_name":            "Rao Trading",
		"business_industry":        "finance",
		"business_address":         "1 Park Lane, Pune",
		"preferred_contact_method": "email",
		"consent":                  true,
	}, &made)
	var problem *Problem
	if errors.As(err, &problem) && problem.Code == "customer_exists" {
		var list struct {
			Items []struct {
				CustomerID string `json:"customer_id"`
			}
		}
		must(call(customer, "GET", "/customers", nil, &list))
		return list.Items[0].CustomerID
	}
	must(err)
	return made.CustomerID
}

func hireAgent(customer, operator, customerID string) string {
	const agent = "trading.delta_futures.v1"
	var subscription struct {
		ID string `json:"subscription_id"`
	}
	must(call(customer, "POST", "/subscriptions", Object{
		"agent_id":    agent,
		"customer_id": customerID,
		"duration":    "monthly",
	}, &subscription))
	// Once it is paid
	must(call(operator, "POST", "/subscriptions/"+subscription.ID+"/activate", Object{}, &Object{}))
	var hire struct {
		ID      string `json:"hired_instance_id"`
		Missing []Fault
	}
	must(call(customer, "PUT", "/hired-agents/draft", Object{
		"subscription_id": subscription.ID,
		"agent_id":        agent,
		"config": Object{
			"nickname":          "Tara",
			"theme":             "dark",
			"timezone":          "Asia/Kolkata",
			"exchange_provider": "delta_exchange_india",
			"credential_ref":    "vault-7",
			"allowed_coins":     []string{"BTC", "ETH"},
			"default_coin":      "BTC",
			"risk_limits":       Object{"max_units_per_order": 5},
		},
	}, &hire))
	for _, fault := range hire.Missing {
		fmt.Println("missing   ", fault.Path, fault.Message)
	}
	must(call(customer, "POST", "/hired-agents/"+hire.ID+"/finalize", Object{}, &Object{}))
	return hire.ID
}

// Sets a goal and runs it now; with the frequency "daily" it would run by itself.
func runGoal(customer, hire string) string {
	var goal struct {
		ID string `json:"goal_instance_id"`
	}
	path := "/hired-agents/" + hire + "/goals"
	must(call(customer, "PUT", path, Object{
		"goal_template_id": "trading.trade_intent_draft.v1",
		"frequency":        "on_demand",
		"settings":         Object{"coin": "btc", "side": "buy", "units": 2},
	}, &goal))
	must(call(customer, "POST", path+"/"+goal.ID+"/run", Object{}, &Object{}))
	return goal.ID
}

// Draft is a deliverable, as far as it is read here.
type Draft struct {
	ID      string `json:"deliverable_id"`
	SHA256  string `json:"content_sha256"`
	Payload struct {
		Side  string
		Units float64
		Coin  string
	}
	ApprovalID      string `json:"approval_id"`
	ExecutionStatus string `json:"execution_status"`
	Execution       struct {
		DeliveryID string `json:"delivery_id"`
	}
}

// Looks until it is done.
func waitFor(look func() bool) {
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if look() {
			return
		}
	}
	log.Fatal("nothing within two minutes")
}

func draftOf(customer, goal string) (draft Draft) {
	waitFor(func() bool {
		var runs struct {
			Items []struct {
				Status        string
				Reason        string
				DeliverableID string `json:"deliverable_id"`
			}
		}
		must(call(customer, "GET", "/scheduler/runs?goal_instance_id="+goal, nil, &runs))
		for _, run := range runs.Items {
			switch run.Status {
			case "cancelled", "dead_lettered":
				log.Fatalf("the run is %s: %s", run.Status, run.Reason)
			case "completed":
				must(call(customer, "GET", "/deliverables/"+run.DeliverableID, nil, &draft))
				return true
			}
		}
		return false
	})
	return draft
}

func main() {
	log.SetFlags(0)
	if url := os.Getenv("STINT_URL"); url != "" {
		api = url + "/api/v1"
	}
	customer, operator := os.Getenv("CUSTOMER_TOKEN"), os.Getenv("OPERATOR_TOKEN")
	customerID := signUp(customer)
	fmt.Println("customer  ", customerID)
	hire := hireAgent(customer, operator, customerID)
	fmt.Println("hire      ", hire)

	draft := draftOf(customer, runGoal(customer, hire))
	path := "/deliverables/" + draft.ID
	fmt.Println("draft     ", draft.Payload.Side, draft.Payload.Units, draft.Payload.Coin)

	// The hash names the content that was shown: if the draft were another one by now, this would be 409 revision_changed
	must(call(customer, "POST", path+"/review", Object{
		"decision":       "approved",
		"notes":          "within our limits",
		"content_sha256": draft.SHA256,
	}, &draft))
	fmt.Println("approved  ", draft.SHA256)

	// 200: it was delivered. 202: its delivery is tried again for up to three days
	must(call(customer, "POST", path+"/execute", Object{"approval_id": draft.ApprovalID}, &draft))
	waitFor(func() bool {
		must(call(customer, "GET", path, nil, &draft))
		return draft.ExecutionStatus == "executed"
	})
	fmt.Println("executed  ", draft.Execution.DeliveryID)
}
