/// The first sketch of the Producer: a failure leads both back to idle and to error, and nothing leaves error.
///
/// The real one, with a guard where this one is undecided, is `specs/producer.sc`.
nondeterministic machine ConceptProducer "Producer, first sketch" #color("lightblue") {
  input {
    PUBLISH_MESSAGE
    CREATE_DYNAMIC_TOPIC
    PUBLISH_SUCCESS
    PUBLISH_FAILURE
    CREATE_TOPIC_SUCCESS
    CREATE_TOPIC_FAILURE
  }

  initial idle

  state idle "Idle" {
    on PUBLISH_MESSAGE      -> publishing
    on CREATE_DYNAMIC_TOPIC -> creatingTopic
  }

  state publishing "Publishing" {
    on PUBLISH_SUCCESS | PUBLISH_FAILURE -> idle
    on PUBLISH_FAILURE                   -> error
  }

  state creatingTopic "Creating Topic" {
    on CREATE_TOPIC_SUCCESS | CREATE_TOPIC_FAILURE -> idle
    on CREATE_TOPIC_FAILURE                        -> error
  }

  state error "Error" #error
}
