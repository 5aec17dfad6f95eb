/// The first sketch of the consumer of fixed topics; the real one is `specs/consumer_fixed.sc`.
nondeterministic machine ConceptConsumerFixed "Fixed-Topic Consumer, first sketch" #color("lightcoral") {
  input { MESSAGE_RECEIVED PROCESS_SUCCESS PROCESS_FAILURE }

  initial idle

  state idle "Idle" {
    on MESSAGE_RECEIVED -> processingMessage
  }

  state processingMessage "Processing Message" {
    on PROCESS_SUCCESS | PROCESS_FAILURE -> idle
    on PROCESS_FAILURE                   -> error
  }

  state error "Error" #error
}
