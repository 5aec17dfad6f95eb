import "coordinator.sc"

/// Answers one request for candles: from the database where it is whole, else fetched on the spot.
///
/// One machine a request; the caller knows nothing of topics, consumers or databases.
machine Datastore "Datastore" #color("lightyellow") {
  input {
    REQUEST_DATA(request: Request)
    START_DB_QUERY
    /// Every bucket of the range is covered.
    DB_QUERY_SUCCESS(data: Answer)
    /// Part of the range is not covered and can be fetched.
    DB_QUERY_EMPTY
    DB_QUERY_FAILURE(reason: Text)
    /// The fetch is registered; `fresh` says whether this request was the first to ask for it.
    FETCH_INSTRUCTIONS_SENT(topic: Text, job: Job, fresh: Bool)
    FETCH_INSTRUCTIONS_FAILED(reason: Text)
    DATA_FETCHED(data: Answer)
    DATA_FETCH_FAILED(reason: Text)
    RETURN_DATA_SUCCESS
    /// `gone`: the client no longer listens.
    RETURN_DATA_FAILURE(gone: Bool, reason: Text)
    RESET
  }

  output {
    FETCH_STARTED(job: Job)
    REQUEST_FAILED(reason: Text)
  }

  context {
    requestedTopic: Text = ""
    request: Request? = none
    job: Job? = none
    data: Answer? = none
    errorInfo: Text? = none
  }

  extern {
    type Request, Answer, Job
    /// Cache, then coverage and plan.
    service query(request: Request) -> DB_QUERY_SUCCESS | DB_QUERY_EMPTY ! DB_QUERY_FAILURE
    /// Registers the fetch, or joins one that is open for the same range.
    service open_fetch(request: Request) -> FETCH_INSTRUCTIONS_SENT ! FETCH_INSTRUCTIONS_FAILED
    /// Watches the range's coverage until it is whole or the fetch has ended.
    service await_data(request: Request, job: Job) -> DATA_FETCHED ! DATA_FETCH_FAILED
    /// Hands the answer to whoever asked.
    service return_data(data: Answer) -> RETURN_DATA_SUCCESS ! RETURN_DATA_FAILURE
  }

  peer coordinator: Coordinator

  initial idle

  state idle "Idle" {
    on REQUEST_DATA -> processingRequest / request := event.request
  }

  state processingRequest "Processing Request" {
    entry / raise START_DB_QUERY
    on START_DB_QUERY -> queryingDB
  }

  state queryingDB "Querying DB" {
    do query(request)
    on DB_QUERY_SUCCESS -> dataFound / data := event.data
    on DB_QUERY_EMPTY   -> dataNotFound
    on DB_QUERY_FAILURE -> error / errorInfo := event.reason
  }

  state dataFound "Data Found" {
    always -> returningData
  }

  state dataNotFound "Data Not Found" {
    always -> requestingFetch
  }

  state requestingFetch "Requesting Fetch" {
    do open_fetch(request)
    on FETCH_INSTRUCTIONS_SENT [event.fresh] -> waitingForData
       / requestedTopic := event.topic, job := event.job, emit FETCH_STARTED(event.job),
         send coordinator REQUEST_CREATE_TOPIC(event.topic, 1, event.job)
    on FETCH_INSTRUCTIONS_SENT -> waitingForData
       / requestedTopic := event.topic, job := event.job, emit FETCH_STARTED(event.job)
    on FETCH_INSTRUCTIONS_FAILED -> error / errorInfo := event.reason
  }

  state waitingForData "Waiting for Data" {
    do await_data(request, job)
    on DATA_FETCHED      -> returningData / data := event.data
    on DATA_FETCH_FAILED -> error / errorInfo := event.reason
    // The fetch stays registered, so it is handed over again when nobody has moved it on for long.
    on fault             -> error
       / errorInfo := "the Coordinator was not told (" + event.kind + "): try again"
  }

  state returningData "Returning Data" {
    do return_data(data)
    on RETURN_DATA_SUCCESS              -> idle / data := none
    on RETURN_DATA_FAILURE [event.gone] -> idle / data := none
    on RETURN_DATA_FAILURE              -> error / errorInfo := event.reason
  }

  state error "Error" #error {
    entry / emit REQUEST_FAILED(errorInfo)
    on RESET -> idle / errorInfo := none, data := none
  }
}
