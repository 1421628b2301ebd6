package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

const (
	pullBatch = 32
	pollTime  = 200 * time.Millisecond
)

type consuming struct {
	push    rocketmq.PushConsumer
	pull    rocketmq.PullConsumer
	stopped atomic.Bool
}

func startConsumer(r request) (*consuming, error) {
	switch r.Kind {
	case "pop", "assign":
		return nil, unsupported{"no " + r.Kind}
	case "pull", "lite":
		return startPull(r)
	}
	return startPush(r)
}

func selection(r request) consumer.MessageSelector {
	if r.SQL != "" {
		return consumer.MessageSelector{Type: consumer.SQL92, Expression: r.SQL}
	}
	return consumer.MessageSelector{Type: consumer.TAG, Expression: r.Expression}
}

func settings(r request) []consumer.Option {
	options := []consumer.Option{
		consumer.WithGroupName(r.Group),
		consumer.WithInstance(r.Instance),
		consumer.WithNsResolver(resolver(r)),
	}
	switch r.From {
	case "first":
		options = append(options, consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	case "time":
		options = append(options, consumer.WithConsumeFromWhere(consumer.ConsumeFromTimestamp),
			consumer.WithConsumeTimestamp(r.FromTime))
	}
	if r.Unit != "" {
		options = append(options, consumer.WithUnitName(r.Unit))
	}
	if r.Namespace != "" {
		options = append(options, consumer.WithNamespace(r.Namespace))
	}
	return options
}

func startPush(r request) (*consuming, error) {
	options := append(settings(r), consumer.WithSuspendCurrentQueueTimeMillis(200*time.Millisecond))
	if r.Broadcast {
		options = append(options, consumer.WithConsumerModel(consumer.BroadCasting))
	}
	if r.Retries != nil {
		options = append(options, consumer.WithMaxReconsumeTimes(*r.Retries))
	}
	if r.Trace {
		options = append(options, consumer.WithTrace(traceConfig(r)))
	}
	failure := consumer.ConsumeRetryLater
	if r.Kind == "orderly" {
		options = append(options, consumer.WithConsumerOrder(true))
		failure = consumer.SuspendCurrentQueueAMoment
	}
	c, err := rocketmq.NewPushConsumer(options...)
	if err != nil {
		return nil, err
	}
	var failures atomic.Int64
	failures.Store(int64(r.Failures))
	err = c.Subscribe(r.Topic, selection(r), func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		fails := failures.Load() != 0
		if failures.Load() > 0 {
			failures.Add(-1)
		}
		printMessages(r, messages)
		if err := reply(r, messages); err != nil {
			return failure, err
		}
		if fails {
			return failure, nil
		}
		return consumer.ConsumeSuccess, nil
	})
	if err != nil {
		return nil, err
	}
	return &consuming{push: c}, c.Start()
}

func reply(r request, messages []*primitive.MessageExt) error {
	if r.AnswersWith == "" {
		return nil
	}
	p, err := producerOf(r.AnswersWith)
	if err != nil {
		return err
	}
	for _, asked := range messages {
		body := []byte("[" + string(asked.Body) + "]")
		answer, err := consumer.CreateReplyMessage(asked, body)
		if err != nil {
			return err
		}
		answer.Body = body // 2.1.2 takes it for properties
		if _, err = p.plain.SendSync(context.Background(), answer); err != nil {
			return err
		}
	}
	return nil
}

func printMessages(r request, messages []*primitive.MessageExt) {
	for _, m := range messages {
		event := messageRow(m)
		event["event"] = "message"
		event["client"] = r.Client
		printLine(event)
	}
}

func startPull(r request) (*consuming, error) {
	c, err := rocketmq.NewPullConsumer(settings(r)...)
	if err != nil {
		return nil, err
	}
	if err = c.Subscribe(r.Topic, selection(r)); err != nil {
		return nil, err
	}
	if err = c.Start(); err != nil {
		return nil, err
	}
	started := &consuming{pull: c}
	if r.Kind == "lite" {
		go started.poll(r)
	}
	return started, nil
}

func (c *consuming) poll(r request) {
	for !c.stopped.Load() {
		polled, err := c.pull.Poll(context.Background(), pollTime)
		if err != nil {
			continue
		}
		printMessages(r, polled.GetMsgList())
		c.pull.ACK(context.Background(), polled, consumer.ConsumeSuccess)
	}
}

func (c *consuming) pullAll(r request) ([]row, error) {
	a, err := admin.NewAdmin(admin.WithResolver(resolver(r)))
	if err != nil {
		return nil, err
	}
	defer a.Close()
	queues, err := a.FetchPublishMessageQueues(context.Background(), r.Topic)
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for _, queue := range queues {
		for offset := int64(0); ; {
			result, err := c.pull.PullFrom(context.Background(), queue, offset, pullBatch)
			if err != nil {
				return nil, err
			}
			for _, m := range result.GetMessageExts() {
				rows = append(rows, messageRow(m))
			}
			if result.Status == primitive.PullOffsetIllegal {
				return nil, errors.New("offset illegal: " + result.String())
			}
			if result.Status == primitive.PullNoNewMsg || result.NextBeginOffset >= result.MaxOffset {
				break
			}
			offset = result.NextBeginOffset
		}
	}
	return rows, nil
}

func (c *consuming) stop() error {
	c.stopped.Store(true)
	if c.push != nil {
		return c.push.Shutdown()
	}
	return c.pull.Shutdown()
}
