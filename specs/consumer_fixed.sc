/// Stores what the fixed topic carries: one machine a partition, one batch at a time.
///
/// The offset moves in the transaction that stores the batch; after a failure the batch is pulled again.
machine ConsumerFixed "Fixed-Topic Consumer" #color("lightcoral") {
  input {
    MESSAGE_RECEIVED(batch: LogBatch)
    PROCESS_SUCCESS(record: Records)
    PROCESS_FAILURE(reason: Text)
    WRITE_SUCCESS(touched: Touched)
    WRITE_FAILURE(reason: Text)
    UPDATE_CACHE_SUCCESS
    UPDATE_CACHE_FAILURE(reason: Text)
    RESET
  }

  output { CONSUMER_FAILED(reason: Text) }

  context {
    currentTopic: Text = "tick-data"
    currentMessage: LogBatch? = none
    dbRecord: Records? = none
    touched: Touched? = none
    errorInfo: Text? = none
  }

  extern {
    type LogBatch, Records, Touched
    /// Waits for the next batch of the partition, from the stored offset.
    service next_batch(topic: Text) -> MESSAGE_RECEIVED
    /// Decodes and validates; what cannot be read becomes a dead letter.
    service process(batch: LogBatch) -> PROCESS_SUCCESS ! PROCESS_FAILURE
    /// One transaction: trades, candles, coverage, dead letters, offset.
    service write(record: Records) -> WRITE_SUCCESS ! WRITE_FAILURE
    /// The newest candles, where they are newer than what the cache holds.
    service update_cache(touched: Touched) -> UPDATE_CACHE_SUCCESS ! UPDATE_CACHE_FAILURE
  }

  initial idle

  state idle "Idle" {
    do next_batch(currentTopic)
    on MESSAGE_RECEIVED -> processingMessage / currentMessage := event.batch
  }

  state processingMessage "Processing Message" {
    do process(currentMessage)
    on PROCESS_SUCCESS -> writingToDB / dbRecord := event.record, currentMessage := none
    on PROCESS_FAILURE -> error / errorInfo := event.reason
  }

  state writingToDB "Writing to DB" {
    do write(dbRecord)
    on WRITE_SUCCESS -> updatingRedis / touched := event.touched, dbRecord := none
    on WRITE_FAILURE -> error / errorInfo := event.reason
  }

  state updatingRedis "Updating Redis" {
    do update_cache(touched)
    on UPDATE_CACHE_SUCCESS -> idle / touched := none
    on UPDATE_CACHE_FAILURE -> error / errorInfo := event.reason
  }

  state error "Error" #error {
    entry / emit CONSUMER_FAILED(errorInfo)
    after 1s / raise RESET
    on RESET -> idle / errorInfo := none, currentMessage := none, dbRecord := none, touched := none
  }
}
