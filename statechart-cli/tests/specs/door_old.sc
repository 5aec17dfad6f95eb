/// A door that a code opens.
machine Door {
  input { CODE(digits: Int) CLOSE KNOCK LIGHT }
  output { OPENED BELL(times: Int) }
  context {
    tries: Int = 0
    lastCode: Int? = none
  }
  initial shut
  state shut {
    initial waiting
    state waiting {
      on CODE [event.digits == 1234] -> open / tries := 0, emit OPENED
      on CODE -> waiting / tries := tries + 1, lastCode := event.digits
      on KNOCK / emit BELL(tries)
      always [tries >= 3] -> blocked
    }
    state blocked {
      after 30s -> waiting / tries := 0
    }
  }
  state open {
    on CLOSE -> shut
    on LIGHT -> lit
  }
  state lit { on LIGHT -> open }
}
