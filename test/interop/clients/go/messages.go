package main

import (
	"strconv"
	"strings"

	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

type message struct {
	Topic       string            `json:"topic"`
	Body        string            `json:"body"`
	Tag         string            `json:"tag"`
	Keys        []string          `json:"keys"`
	Properties  map[string]string `json:"properties"`
	QueueID     *int              `json:"queueId"`
	ShardingKey string            `json:"shardingKey"`
	DelayLevel  int               `json:"delayLevel"`
	DeliverAt   int64             `json:"deliverAt"`
}

func (m message) built() *primitive.Message {
	built := primitive.NewMessage(m.Topic, []byte(m.Body))
	for name, value := range m.Properties {
		built.WithProperty(name, value)
	}
	if m.Tag != "" {
		built.WithTag(m.Tag)
	}
	if len(m.Keys) > 0 {
		built.WithKeys(m.Keys)
	}
	if m.ShardingKey != "" {
		built.WithShardingKey(m.ShardingKey)
	}
	if m.DelayLevel > 0 {
		built.WithDelayTimeLevel(m.DelayLevel)
	}
	if m.DeliverAt > 0 {
		// no method for it, but the property is the protocol
		built.WithProperty("TIMER_DELIVER_MS", strconv.FormatInt(m.DeliverAt, 10))
	}
	if m.QueueID != nil {
		built.Queue = &primitive.MessageQueue{Topic: m.Topic, QueueId: *m.QueueID}
	}
	return built
}

func built(messages []message) []*primitive.Message {
	all := make([]*primitive.Message, len(messages))
	for i, m := range messages {
		all[i] = m.built()
	}
	return all
}

// selector: the queue a message names, else that of its sharding key's hash, else one after the other.
type selector struct{ byHash, inTurn producer.QueueSelector }

func newSelector() selector {
	return selector{producer.NewHashQueueSelector(), producer.NewRoundRobinQueueSelector()}
}

func (s selector) Select(m *primitive.Message, queues []*primitive.MessageQueue, last string) *primitive.MessageQueue {
	if m.Queue != nil {
		for _, queue := range queues {
			if queue.QueueId == m.Queue.QueueId {
				return queue
			}
		}
	}
	if m.GetShardingKey() != "" {
		return s.byHash.Select(m, queues, last)
	}
	return s.inTurn.Select(m, queues, last)
}

func sentRow(result *primitive.SendResult) row {
	status := "SEND_OK"
	if result.Status != primitive.SendOK {
		status = strconv.Itoa(int(result.Status))
	}
	return row{
		"sendStatus":   status,
		"msgId":        result.MsgID,
		"brokerName":   result.MessageQueue.BrokerName,
		"queueId":      result.MessageQueue.QueueId,
		"queueOffset":  result.QueueOffset,
		"recallHandle": nil,
	}
}

func messageRow(m *primitive.MessageExt) row {
	keys := []string{}
	if text := m.GetKeys(); text != "" {
		keys = strings.Split(text, " ")
	}
	return row{
		"topic":          m.Topic,
		"brokerName":     m.Queue.BrokerName,
		"queueId":        m.Queue.QueueId,
		"queueOffset":    m.QueueOffset,
		"msgId":          m.MsgId,
		"tag":            m.GetTags(),
		"keys":           keys,
		"properties":     m.GetProperties(),
		"storeTimestamp": m.StoreTimestamp,
		"reconsumeTimes": m.ReconsumeTimes,
		"bodyBase64":     m.Body, // JSON of bytes is base64
	}
}
