import "producer.sc"
import "consumer_dynamic.sc"

/// Creates topics and tells the others: the one actor that everyone asks.
///
/// Requests that arrive while it is busy wait.
machine Coordinator "Coordinator" #color("lightgreen") {
  // As many open fetches as are handed over at once, twice: while it is busy, none of them may get lost.
  limits { deferred: 512 }

  input {
    /// The Datastore's: a range is missing; `job` says which, `topic` where its pages go.
    REQUEST_CREATE_TOPIC(topic: Text, partitions: Int, job: Job)
    /// The Producer's: a topic, nothing more.
    CREATE_TOPIC_REQUEST(topic: Text, partitions: Int)

    CREATE_TOPIC_SUCCESS(topic: Text)
    CREATE_TOPIC_FAILURE(topic: Text, reason: Text)
    NOTIFY_SUCCESS
    NOTIFY_FAILURE(reason: Text)
    SUBSCRIBE_SUCCESS(topic: Text)
    SUBSCRIBE_FAILURE(topic: Text, reason: Text)
    RESET
  }

  output {
    TOPIC_READY(topic: Text)
    COORDINATOR_FAILED(reason: Text)
  }

  context {
    /// How many topics it has made ready.
    topics: Int = 0
    pendingTopic: Text = ""
    pendingPartitions: Int = 1
    pendingJob: Job? = none
    errorInfo: Text? = none
  }

  extern {
    type Job
    /// Creates the topic where it does not exist; says yes where it does.
    service create_topic(topic: Text, partitions: Int) -> CREATE_TOPIC_SUCCESS ! CREATE_TOPIC_FAILURE
    /// Marks a job as failed, so that nobody waits for it.
    action fail_job(job: Job, reason: Text)
  }

  peer producer: Producer
  peer consumer: ConsumerDynamic

  initial active

  state active "Active" {
    on REQUEST_CREATE_TOPIC -> processingCreateTopic
       / pendingTopic := event.topic, pendingPartitions := event.partitions, pendingJob := event.job
    on CREATE_TOPIC_REQUEST -> processingCreateTopic
       / pendingTopic := event.topic, pendingPartitions := event.partitions, pendingJob := none
    on SUBSCRIBE_SUCCESS | SUBSCRIBE_FAILURE
  }

  state processingCreateTopic "Processing Create Topic" {
    do create_topic(pendingTopic, pendingPartitions)
    on CREATE_TOPIC_SUCCESS [pendingJob != none] -> notifyingActors
       / topics := topics + 1, send consumer SUBSCRIBE_TO_TOPIC(event.topic),
         send producer NOTIFY_PRODUCER(pendingJob)
    on CREATE_TOPIC_SUCCESS -> notifyingActors
       / topics := topics + 1, send producer CREATE_TOPIC_SUCCESS(event.topic), raise NOTIFY_SUCCESS
    on CREATE_TOPIC_FAILURE [pendingJob != none] -> error
       / errorInfo := event.reason, fail_job(pendingJob, event.reason)
    on CREATE_TOPIC_FAILURE -> error
       / errorInfo := event.reason, send producer CREATE_TOPIC_FAILURE(event.topic, event.reason)
    on SUBSCRIBE_SUCCESS | SUBSCRIBE_FAILURE
    defer REQUEST_CREATE_TOPIC | CREATE_TOPIC_REQUEST
  }

  state notifyingActors "Notifying Actors" {
    on SUBSCRIBE_SUCCESS [event.topic == pendingTopic] / raise NOTIFY_SUCCESS
    on SUBSCRIBE_FAILURE [event.topic == pendingTopic] / raise NOTIFY_FAILURE(event.reason)
    // An answer about a topic of before, which came too late.
    on SUBSCRIBE_SUCCESS | SUBSCRIBE_FAILURE
    after 10s / raise NOTIFY_FAILURE("the consumer did not answer within 10 s")
    on NOTIFY_SUCCESS -> active / emit TOPIC_READY(pendingTopic)
    on NOTIFY_FAILURE [pendingJob != none] -> error
       / errorInfo := event.reason, fail_job(pendingJob, event.reason)
    on NOTIFY_FAILURE -> error / errorInfo := event.reason
    on fault -> error
       / errorInfo := "a peer was not told: " + event.kind,
         if pendingJob != none { fail_job(pendingJob, errorInfo) }
    defer REQUEST_CREATE_TOPIC | CREATE_TOPIC_REQUEST
  }

  state error "Error" #error {
    entry / emit COORDINATOR_FAILED(errorInfo)
    after 1s / raise RESET
    on RESET -> active / errorInfo := none
    on SUBSCRIBE_SUCCESS | SUBSCRIBE_FAILURE
    defer REQUEST_CREATE_TOPIC | CREATE_TOPIC_REQUEST
  }
}
