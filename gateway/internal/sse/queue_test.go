package sse

import "testing"

func stored(number int32) *event { return newEvent(number, part{typePhaseStarted, []byte(`{}`)}) }

func progress() *event { return newEvent(0, part{typeCampaignProgress, []byte(`{}`)}) }

func TestAFullQueueLosesTheOldestProgress(t *testing.T) {
	q := queue{limit: 4}
	first, second := progress(), progress()
	for _, e := range []*event{stored(1), first, stored(2), second} {
		if lost, ok := q.push(e); lost != nil || !ok {
			t.Fatal("there was room")
		}
	}
	if lost, ok := q.push(stored(3)); lost != first || !ok {
		t.Fatal("not the oldest progress gave way")
	}
	third := progress()
	if lost, ok := q.push(third); lost != second || !ok {
		t.Fatal("newer progress did not replace older")
	}
	if lost, ok := q.push(stored(4)); lost != third || !ok {
		t.Fatal("the last progress did not give way")
	}
	late := progress()
	if lost, ok := q.push(late); lost != late || !ok {
		t.Fatal("progress must not push out a stored event")
	}
	if _, ok := q.push(stored(5)); ok {
		t.Fatal("a stored event was lost")
	}
	numbers := []int32{1, 2, 3, 4}
	for i, e := range q.take(nil) {
		if e.number != numbers[i] {
			t.Errorf("place %d has event %d", i, e.number)
		}
	}
}

func TestTakenQueuesAreEmpty(t *testing.T) {
	q := queue{limit: 4}
	q.push(stored(1))
	taken := q.take(nil)
	q.push(stored(2))
	if len(taken) != 1 || taken[0].number != 1 {
		t.Fatal("what was taken changed")
	}
	again := q.take(taken)
	if len(again) != 1 || again[0].number != 2 || len(q.events) != 0 {
		t.Fatal("the second take")
	}
}
