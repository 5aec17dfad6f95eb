/// The first sketch of the Coordinator; the real one is `specs/coordinator.sc`.
nondeterministic machine ConceptCoordinator "Coordinator, first sketch" #color("lightgreen") {
  input { REQUEST_CREATE_TOPIC CREATE_TOPIC_SUCCESS CREATE_TOPIC_FAILURE }

  initial active

  state active "Active" {
    on REQUEST_CREATE_TOPIC -> processingCreateTopic
  }

  state processingCreateTopic "Processing Create Topic" {
    on CREATE_TOPIC_SUCCESS | CREATE_TOPIC_FAILURE -> active
    on CREATE_TOPIC_FAILURE                        -> error
  }

  state error "Error" #error
}
