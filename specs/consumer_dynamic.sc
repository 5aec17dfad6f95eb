import "coordinator.sc"

/// Serves one dynamic topic: stores the history that it carries and tells the applications that wait for it.
machine ConsumerDynamic "Dynamic-Topic Consumer" #color("lightseagreen") {
  input {
    SUBSCRIBE_TO_TOPIC(topic: Text)
    SUBSCRIBE_SUCCESS(topic: Text)
    SUBSCRIBE_FAILURE(topic: Text, reason: Text)
    MESSAGE_RECEIVED(batch: LogBatch)
    /// `stored`: what the batch carries is in the database already, or is nothing to store.
    PROCESS_SUCCESS(record: Records, stored: Bool)
    PROCESS_FAILURE(reason: Text)
    WRITE_SUCCESS(touched: Touched)
    WRITE_FAILURE(reason: Text)
    /// `attached`: an application waits for what was stored.
    UPDATE_CACHE_SUCCESS(attached: Bool)
    UPDATE_CACHE_FAILURE(reason: Text)
    /// `ended`: the topic has not been used for so long that the subscription ends.
    INTERACT_SUCCESS(ended: Bool)
    INTERACT_FAILURE(reason: Text)
    RESET
  }

  output {
    SUBSCRIPTION_ENDED(topic: Text)
    CONSUMER_FAILED(reason: Text)
  }

  context {
    /// How many topics it has served.
    dynamicTopics: Int = 0
    currentSubscription: Text = ""
    currentMessage: LogBatch? = none
    dbRecord: Records? = none
    appResult: Touched? = none
    errorInfo: Text? = none
  }

  extern {
    type LogBatch, Records, Touched
    /// Finds the topic and the stored offset.
    service subscribe(topic: Text) -> SUBSCRIBE_SUCCESS ! SUBSCRIBE_FAILURE
    service next_batch(topic: Text) -> MESSAGE_RECEIVED
    service process(batch: LogBatch) -> PROCESS_SUCCESS ! PROCESS_FAILURE
    service write(record: Records) -> WRITE_SUCCESS ! WRITE_FAILURE
    service update_cache(touched: Touched) -> UPDATE_CACHE_SUCCESS ! UPDATE_CACHE_FAILURE
    /// Wakes whoever waits for what this topic carries.
    service interact() -> INTERACT_SUCCESS ! INTERACT_FAILURE
  }

  peer coordinator: Coordinator

  initial idle

  // Asked again while it serves the topic: it is subscribed already.
  on SUBSCRIBE_TO_TOPIC / send coordinator SUBSCRIBE_SUCCESS(event.topic)

  state idle "Idle" {
    on SUBSCRIBE_TO_TOPIC -> subscribing / currentSubscription := event.topic
  }

  state subscribing "Subscribing" {
    do subscribe(currentSubscription)
    on SUBSCRIBE_SUCCESS -> consuming
       / dynamicTopics := dynamicTopics + 1, send coordinator SUBSCRIBE_SUCCESS(event.topic)
    on SUBSCRIBE_FAILURE -> error
       / errorInfo := event.reason, send coordinator SUBSCRIBE_FAILURE(event.topic, event.reason)
    defer SUBSCRIBE_TO_TOPIC
  }

  state consuming "Consuming" {
    do next_batch(currentSubscription)
    on MESSAGE_RECEIVED -> processingMessage / currentMessage := event.batch
  }

  state processingMessage "Processing Message" {
    do process(currentMessage)
    on PROCESS_SUCCESS [event.stored] -> interactingWithApp / currentMessage := none
    on PROCESS_SUCCESS                -> writingToDB / dbRecord := event.record, currentMessage := none
    on PROCESS_FAILURE                -> error / errorInfo := event.reason
  }

  state writingToDB "Writing to DB" {
    do write(dbRecord)
    on WRITE_SUCCESS -> updatingRedis / appResult := event.touched, dbRecord := none
    on WRITE_FAILURE -> error / errorInfo := event.reason
  }

  state updatingRedis "Updating Redis" {
    do update_cache(appResult)
    on UPDATE_CACHE_SUCCESS [event.attached] -> interactingWithApp
    on UPDATE_CACHE_SUCCESS                  -> consuming / appResult := none
    on UPDATE_CACHE_FAILURE                  -> error / errorInfo := event.reason
  }

  state interactingWithApp "Interacting with App" {
    do interact()
    on INTERACT_SUCCESS [event.ended] -> idle
       / appResult := none, emit SUBSCRIPTION_ENDED(currentSubscription)
    on INTERACT_SUCCESS               -> consuming / appResult := none
    on INTERACT_FAILURE               -> error / errorInfo := event.reason
    defer SUBSCRIBE_TO_TOPIC
  }

  state error "Error" #error {
    entry / emit CONSUMER_FAILED(errorInfo)
    after 1s / raise RESET
    // Idle serves nothing, so it subscribes again.
    on RESET -> idle
       / errorInfo := none, currentMessage := none, dbRecord := none, appResult := none,
         send self SUBSCRIBE_TO_TOPIC(currentSubscription)
    defer SUBSCRIBE_TO_TOPIC
  }
}
