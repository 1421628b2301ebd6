package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

const patience = 30 * time.Second

type producing struct {
	plain         rocketmq.Producer
	transactional rocketmq.TransactionProducer
	listener      *listener
}

func resolver(r request) primitive.NsResolver {
	return primitive.NewPassthroughResolver(strings.Split(r.Namesrv, ";"))
}

func traceConfig(r request) *primitive.TraceConfig {
	return &primitive.TraceConfig{Access: primitive.Local, Resolver: resolver(r), GroupName: r.Group}
}

func startProducer(r request) (*producing, error) {
	options := []producer.Option{
		producer.WithGroupName(r.Group),
		producer.WithInstanceName(r.Instance),
		producer.WithNsResolver(resolver(r)),
		producer.WithQueueSelector(newSelector()),
		producer.WithSendMsgTimeout(patience), // more than the default 3 s: dozens of clients start beside each other
	}
	if r.Unit != "" {
		options = append(options, producer.WithUnitName(r.Unit))
	}
	if r.Namespace != "" {
		options = append(options, producer.WithNamespace(r.Namespace))
	}
	if r.CompressOver > 0 {
		options = append(options, producer.WithCompressMsgBodyOverHowmuch(r.CompressOver))
	}
	if r.Trace {
		options = append(options, producer.WithTrace(traceConfig(r)))
	}
	if r.Checked != "" {
		l := &listener{name: r.Client, checked: r.Checked}
		p, err := rocketmq.NewTransactionProducer(l, options...)
		if err != nil {
			return nil, err
		}
		return &producing{transactional: p, listener: l}, p.Start()
	}
	p, err := rocketmq.NewProducer(options...)
	if err != nil {
		return nil, err
	}
	return &producing{plain: p}, p.Start()
}

func (p *producing) stop() error {
	if p.transactional != nil {
		return p.transactional.Shutdown()
	}
	return p.plain.Shutdown()
}

func (p *producing) send(messages []message) ([]row, error) {
	rows := []row{}
	for _, m := range built(messages) {
		result, err := p.plain.SendSync(context.Background(), m)
		if err != nil {
			return nil, err
		}
		rows = append(rows, sentRow(result))
	}
	return rows, nil
}

func (p *producing) sendAsync(messages []message) ([]row, error) {
	rows := make([]row, len(messages))
	failures := make([]error, len(messages))
	var left sync.WaitGroup
	left.Add(len(messages))
	for i, m := range built(messages) {
		done := func(_ context.Context, result *primitive.SendResult, err error) {
			if failures[i] = err; err == nil {
				rows[i] = sentRow(result)
			}
			left.Done()
		}
		if err := p.plain.SendAsync(context.Background(), done, m); err != nil {
			return nil, err
		}
	}
	left.Wait()
	return rows, errors.Join(failures...)
}

func (p *producing) sendOneWay(messages []message) error {
	for _, m := range built(messages) {
		if err := p.plain.SendOneWay(context.Background(), m); err != nil {
			return err
		}
	}
	return nil
}

func (p *producing) sendBatch(messages []message) ([]row, error) {
	result, err := p.plain.SendSync(context.Background(), built(messages)...)
	if err != nil {
		return nil, err
	}
	return []row{sentRow(result)}, nil
}

func (p *producing) sendTransaction(messages []message, local string) ([]row, error) {
	rows := []row{}
	p.listener.setLocal(local)
	for _, m := range built(messages) {
		result, err := p.transactional.SendMessageInTransaction(context.Background(), m)
		if err != nil {
			return nil, err
		}
		rows = append(rows, sentRow(result.SendResult))
	}
	return rows, nil
}

func (p *producing) request(messages []message) ([]string, error) {
	answers := []string{}
	for _, m := range built(messages) {
		answer, err := p.plain.Request(context.Background(), patience, m)
		if err != nil {
			return nil, err
		}
		answers = append(answers, string(answer.Body))
	}
	return answers, nil
}

type listener struct {
	name, checked string
	lock          sync.Mutex
	local         string
}

func (l *listener) setLocal(word string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.local = word
}

func (l *listener) ExecuteLocalTransaction(*primitive.Message) primitive.LocalTransactionState {
	l.lock.Lock()
	defer l.lock.Unlock()
	return state(l.local)
}

func (l *listener) CheckLocalTransaction(m *primitive.MessageExt) primitive.LocalTransactionState {
	event := messageRow(m)
	event["event"] = "check"
	event["client"] = l.name
	printLine(event)
	return state(l.checked)
}

func state(word string) primitive.LocalTransactionState {
	switch word {
	case "commit":
		return primitive.CommitMessageState
	case "rollback":
		return primitive.RollbackMessageState
	}
	return primitive.UnknowState
}
