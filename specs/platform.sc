/// The system machine: provisions the database, starts the actors, forwards requests.
machine Platform "Platform" {
  input {
    INIT_DB_PROVISION
    DB_PROVISION_DONE
    DB_PROVISION_FAILED(reason: Text)
    START_WORKFLOW
    WORKFLOW_COMPLETED
    REQUEST_DATA(request: Inquiry)
    ERROR(reason: Text)
    RETRY
  }

  output { PLATFORM_READY  PLATFORM_FAILED(reason: Text) }

  context {
    errorInfo: Text? = none
    /// Workflows under way: requests that the Datastore has not answered yet.
    workflows: Int = 0
  }

  extern {
    type Inquiry
    /// Migrations, instruments, fixed topics; safe to repeat.
    service provision() -> DB_PROVISION_DONE ! DB_PROVISION_FAILED
    action spawn_actors()
    /// Starts a Datastore for the request.
    action forward(request: Inquiry)
  }

  initial provisioning

  state provisioning "Provisioning" {
    initial waiting
    on DB_PROVISION_DONE   -> initializing
    on DB_PROVISION_FAILED -> error / errorInfo := event.reason

    state waiting "Waiting" { on INIT_DB_PROVISION -> running }
    state running "Running" { do provision() }
  }

  state initializing "Initializing" {
    entry / spawn_actors()
    always -> ready
  }

  state ready "Ready" {
    entry / emit PLATFORM_READY
    initial resting
    on REQUEST_DATA / forward(event.request)
    on ERROR -> error / errorInfo := event.reason
    internal on START_WORKFLOW -> working / workflows := workflows + 1

    state resting "Resting"

    state working "Working" {
      on WORKFLOW_COMPLETED [workflows > 1] / workflows := workflows - 1
      on WORKFLOW_COMPLETED -> resting / workflows := 0
    }
  }

  state error "Error" #error {
    entry / emit PLATFORM_FAILED(errorInfo)
    on RETRY -> provisioning / errorInfo := none, workflows := 0, send self INIT_DB_PROVISION delay 1s
  }
}
