// The unmodified Go client behind lines of JSON: client-process.ts says which. Requests run beside each other; the
// process ends when standard input does.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

// request has the fields of all operations.
type request struct {
	ID           int       `json:"id"`
	Op           string    `json:"op"`
	Client       string    `json:"client"`
	Namesrv      string    `json:"namesrv"`
	Instance     string    `json:"instance"`
	Unit         string    `json:"unit"`
	Namespace    string    `json:"namespace"`
	Group        string    `json:"group"`
	Topic        string    `json:"topic"`
	Kind         string    `json:"kind"`
	Expression   string    `json:"expression"`
	SQL          string    `json:"sql"`
	From         string    `json:"from"`
	FromTime     string    `json:"fromTime"`
	Trace        bool      `json:"trace"`
	Broadcast    bool      `json:"broadcast"`
	Failures     int       `json:"failures"`
	Retries      *int32    `json:"retries"`
	AnswersWith  string    `json:"answersWith"`
	CompressOver int       `json:"compressOver"`
	Checked      string    `json:"checked"`
	Local        string    `json:"local"`
	Messages     []message `json:"messages"`
}

type row map[string]any

// unsupported: the client has no such thing.
type unsupported struct{ what string }

func (u unsupported) Error() string { return u.what }

var (
	producers sync.Map // name to *producing
	consumers sync.Map // name to *consuming
	out       = bufio.NewWriter(os.Stdout)
	outLock   sync.Mutex
)

func main() {
	rlog.SetLogLevel("fatal")
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		go answer(r)
	}
}

func answer(r request) {
	answer := row{"id": r.ID}
	defer func() {
		if panicked := recover(); panicked != nil {
			answer["error"] = fmt.Sprint(panicked)
		}
		printLine(answer)
	}()
	result, err := run(r)
	var missing unsupported
	switch {
	case errors.As(err, &missing):
		answer["unsupported"] = missing.what
	case err != nil:
		answer["error"] = err.Error()
	default:
		answer["result"] = result
	}
}

func run(r request) (any, error) {
	switch r.Op {
	case "producer":
		p, err := startProducer(r)
		if err == nil {
			producers.Store(r.Client, p)
		}
		return nil, err
	case "consumer":
		c, err := startConsumer(r)
		if err == nil {
			consumers.Store(r.Client, c)
		}
		return nil, err
	case "pull":
		found, ok := consumers.Load(r.Client)
		if !ok {
			return nil, fmt.Errorf("no such client: %s", r.Client)
		}
		return found.(*consuming).pullAll(r)
	case "stop":
		return nil, stop(r.Client)
	case "recall", "view", "query":
		return nil, unsupported{"no " + r.Op}
	}
	p, err := producerOf(r.Client)
	if err != nil {
		return nil, err
	}
	switch r.Op {
	case "send", "sendOrdered":
		return p.send(r.Messages)
	case "sendAsync":
		return p.sendAsync(r.Messages)
	case "sendOneWay":
		return nil, p.sendOneWay(r.Messages)
	case "sendBatch":
		return p.sendBatch(r.Messages)
	case "sendTransaction":
		return p.sendTransaction(r.Messages, r.Local)
	case "request":
		return p.request(r.Messages)
	}
	return nil, fmt.Errorf("no such op: %s", r.Op)
}

func producerOf(name string) (*producing, error) {
	found, ok := producers.Load(name)
	if !ok {
		return nil, fmt.Errorf("no such client: %s", name)
	}
	return found.(*producing), nil
}

func stop(name string) error {
	if p, ok := producers.LoadAndDelete(name); ok {
		return p.(*producing).stop()
	}
	if c, ok := consumers.LoadAndDelete(name); ok {
		return c.(*consuming).stop()
	}
	return nil
}

func printLine(line row) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	outLock.Lock()
	defer outLock.Unlock()
	out.Write(text)
	out.WriteByte('\n')
	out.Flush()
}
