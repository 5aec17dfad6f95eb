/// The first sketch of the consumer of dynamic topics; the real one is `specs/consumer_dynamic.sc`.
nondeterministic machine ConceptConsumerDynamic "Dynamic-Topic Consumer, first sketch" #color("lightseagreen") {
  input {
    SUBSCRIBE_TO_TOPIC
    SUBSCRIBE_SUCCESS
    SUBSCRIBE_FAILURE
    MESSAGE_RECEIVED
    PROCESS_SUCCESS
    PROCESS_FAILURE
  }

  initial idle

  state idle "Idle" {
    on SUBSCRIBE_TO_TOPIC -> subscribing
  }

  state subscribing "Subscribing" {
    on SUBSCRIBE_SUCCESS -> consuming
    on SUBSCRIBE_FAILURE -> error
  }

  state consuming "Consuming" {
    on MESSAGE_RECEIVED                  -> idle
    on PROCESS_SUCCESS | PROCESS_FAILURE -> consuming
    on PROCESS_FAILURE                   -> error
  }

  state error "Error" #error
}
