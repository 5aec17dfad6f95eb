import "coordinator.sc"

/// Acquires market data and publishes it: live ticks to the fixed topic, fetched history to a topic of its own.
///
/// Two regions: `work` handles one batch or page at a time, `feed` keeps the exchange's socket.
machine Producer "Producer" #color("lightblue") {
  // As many open fetches as are handed over at once, twice: while it is busy, none of them may get lost.
  limits { deferred: 512 }

  input {
    /// Ticks or a gap to repair are waiting.
    FETCH_DATA
    /// A topic is wanted that the log may not have.
    CREATE_DYNAMIC_TOPIC(topic: Text, partitions: Int)
    /// A history job has another page to publish.
    PUBLISH_DYNAMIC
    /// The Coordinator's instruction: fetch this range and publish it.
    NOTIFY_PRODUCER(job: Job)

    DATA_READY(batch: TickBatch)
    FETCH_FAILURE(reason: Text)
    /// What was handed over is in the log; `more` says whether the job has another page.
    PUBLISH_SUCCESS(more: Bool)
    PUBLISH_FAILURE(reason: Text)
    CREATE_TOPIC_SUCCESS(topic: Text)
    CREATE_TOPIC_FAILURE(topic: Text, reason: Text)
    RESET

    /// Open the socket.
    CONNECT
    /// Close it and stay closed.
    DISCONNECT
    /// Subscribed; the trades from here on are whole.
    FEED_OPEN
    FEED_LOST(reason: Text)
  }

  output {
    PRODUCER_FAILED(reason: Text)
    FEED_STATE(live: Bool, reason: Text)
  }

  context {
    currentData: TickBatch? = none
    targetTopic: Text = "tick-data"
    newTopicName: Text = ""
    errorInfo: Text? = none
    /// How often connecting has failed in a row.
    attempts: Int = 0
  }

  extern {
    type TickBatch, Job
    /// Takes what waits: a page of a gap, else live ticks with their coverage.
    service fetch_data() -> DATA_READY ! FETCH_FAILURE
    /// Hands a batch over to be published. An action, because it happens whatever becomes of the state.
    action hand_over(topic: Text, batch: TickBatch)
    /// Waits until the batch handed over last is durable.
    service publish_fixed() -> PUBLISH_SUCCESS ! PUBLISH_FAILURE
    /// Fetches one page of the oldest job and publishes it to the job's topic.
    service publish_dynamic() -> PUBLISH_SUCCESS ! PUBLISH_FAILURE
    /// Connects and subscribes.
    service connect_feed() -> FEED_OPEN ! FEED_LOST
    /// Reads the socket until it is lost, and says when there is something to fetch.
    service read_feed() streams FETCH_DATA -> FEED_LOST
    /// Queues a job.
    action accept_job(job: Job)
  }

  peer coordinator: Coordinator

  region work {
    initial idle

    state idle "Idle" {
      on FETCH_DATA           -> fetchingData
      on CREATE_DYNAMIC_TOPIC -> creatingTopic
         / newTopicName := event.topic, send coordinator CREATE_TOPIC_REQUEST(event.topic, event.partitions)
      on PUBLISH_DYNAMIC      -> publishingDynamic
      on NOTIFY_PRODUCER      -> publishingDynamic / accept_job(event.job)
    }

    state fetchingData "Fetching Data" {
      do fetch_data()
      on DATA_READY    -> publishingFixed / currentData := event.batch, hand_over(targetTopic, event.batch)
      on FETCH_FAILURE -> error / errorInfo := event.reason
      defer FETCH_DATA | PUBLISH_DYNAMIC | NOTIFY_PRODUCER | CREATE_DYNAMIC_TOPIC
    }

    state publishingFixed "Publishing Fixed" {
      do publish_fixed()
      on PUBLISH_SUCCESS -> idle / currentData := none
      on PUBLISH_FAILURE -> error / errorInfo := event.reason
      // The batch is on its way; the next one may be fetched meanwhile.
      on FETCH_DATA      -> fetchingData #continuous
      defer PUBLISH_DYNAMIC | NOTIFY_PRODUCER | CREATE_DYNAMIC_TOPIC
    }

    state publishingDynamic "Publishing Dynamic" {
      do publish_dynamic()
      on PUBLISH_SUCCESS [event.more] -> idle / send self PUBLISH_DYNAMIC
      on PUBLISH_SUCCESS              -> idle
      on PUBLISH_FAILURE              -> error / errorInfo := event.reason
      // Live ticks come first; the page goes on and is waited for again.
      on FETCH_DATA                   -> fetchingData #continuous / send self PUBLISH_DYNAMIC
      defer PUBLISH_DYNAMIC | NOTIFY_PRODUCER | CREATE_DYNAMIC_TOPIC
    }

    state creatingTopic "Creating Topic" {
      on CREATE_TOPIC_SUCCESS -> idle
      on CREATE_TOPIC_FAILURE -> error / errorInfo := event.reason
      after 30s               -> error / errorInfo := "the Coordinator did not answer within 30 s"
      defer FETCH_DATA | PUBLISH_DYNAMIC | NOTIFY_PRODUCER | CREATE_DYNAMIC_TOPIC
    }

    state error "Error" #error {
      entry / emit PRODUCER_FAILED(errorInfo)
      after 1s / raise RESET
      // Whatever was under way is taken up again.
      on RESET -> idle / errorInfo := none, send self FETCH_DATA, send self PUBLISH_DYNAMIC
      defer FETCH_DATA | PUBLISH_DYNAMIC | NOTIFY_PRODUCER | CREATE_DYNAMIC_TOPIC
    }
  }

  region feed {
    initial disconnected
    internal on DISCONNECT -> disconnected

    state disconnected "Disconnected" {
      on CONNECT -> connecting
      on DISCONNECT
    }

    state connecting "Connecting" {
      do connect_feed()
      on FEED_OPEN -> live / attempts := 0
      on FEED_LOST -> backingOff / attempts := attempts + 1, emit FEED_STATE(false, event.reason)
    }

    state live "Live" {
      entry / emit FEED_STATE(true, "")
      do read_feed()
      on FEED_LOST -> backingOff / emit FEED_STATE(false, event.reason)
    }

    /// The service paces its own attempts by the exchange's rules; this wait is the least between two.
    state backingOff "Backing Off" {
      after 100ms -> connecting
    }
  }
}
