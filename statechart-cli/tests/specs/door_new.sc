/// A door that a code opens, after a review.
machine Door {
  input { CODE(digits: Int) CLOSE KNOCK(hard: Bool) RESET }
  output { OPENED BELL(times: Int) ALARM }
  context {
    attempts: Int = 0
    previousCode: Int? = none
  }
  initial shut
  state shut {
    initial waiting
    state waiting {
      on CODE [event.digits == 1234] -> open / attempts := 0, emit OPENED
      on CODE -> waiting / attempts := attempts + 1, previousCode := event.digits
      on KNOCK / emit BELL(attempts)
      always [attempts >= 4] -> locked
    }
    state locked #alarm {
      entry / emit ALARM
      after 30s -> waiting / attempts := 0
      on RESET -> waiting
    }
  }
  state open "Wide open" {
    on CLOSE -> shut
    after 5m -> shut
  }
}
