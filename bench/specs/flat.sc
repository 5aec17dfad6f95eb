/// The Producer as one level of states and events without data: what a table of successors can do at best.
machine FlatProducer "Producer, flat" {
  input {
    PUBLISH_MESSAGE
    PUBLISH_SUCCESS
    PUBLISH_FAILURE
    CREATE_DYNAMIC_TOPIC
    CREATE_TOPIC_SUCCESS
    CREATE_TOPIC_FAILURE
    RESET
  }

  initial idle

  state idle "Idle" {
    on PUBLISH_MESSAGE      -> publishing
    on CREATE_DYNAMIC_TOPIC -> creatingTopic
  }

  state publishing "Publishing" {
    on PUBLISH_SUCCESS -> idle
    on PUBLISH_FAILURE -> republishing
  }

  state republishing "Publishing again" {
    on PUBLISH_SUCCESS -> idle
    on PUBLISH_FAILURE -> error
  }

  state creatingTopic "Creating topic" {
    on CREATE_TOPIC_SUCCESS -> idle
    on CREATE_TOPIC_FAILURE -> recreatingTopic
  }

  state recreatingTopic "Creating topic again" {
    on CREATE_TOPIC_SUCCESS -> idle
    on CREATE_TOPIC_FAILURE -> error
  }

  state error "Error" #error {
    on RESET -> idle
  }
}
