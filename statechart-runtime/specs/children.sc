// A parent with a child for as long as a state lives, and one that an action starts and stops.

/// Adds up what it is told, and returns the sum.
machine Adder(start: Int) {
  input { ADD(n: Int)  FINISH  BREAK  HOLD }
  extern {
    action crash()
    service hold() -> FINISH
  }
  context { sum: Int = 0 }

  initial adding
  on BREAK / crash()

  state adding {
    entry / sum := sum + start
    on ADD / sum := sum + event.n
    on FINISH -> end
    on HOLD -> holding
  }

  state holding {
    do hold()
    on FINISH -> end
    on ADD | HOLD
  }

  final end { return sum }
}

machine Parent {
  input {
    WORK(start: Int)  ADD(n: Int)  FINISH  BREAK  HOLD  LEAVE
    SPAWN(start: Int)  NUDGE(n: Int)  LATER(n: Int)  FORGET  COLLECT  STOP
  }
  output { RESULT(sum: Int)  EXTRA(sum: Int)  TROUBLE(kind: Text) }

  initial idle
  on SPAWN / spawn Adder(event.start) as extra, send extra ADD(1)
  on NUDGE / send extra ADD(event.n)
  on LATER / send extra ADD(event.n) delay 1s as later
  on FORGET / cancel later
  on COLLECT / send extra FINISH
  on STOP / stop extra
  on done(extra) / emit EXTRA(event.result)
  on fault / emit TROUBLE(event.kind)

  state idle { on WORK -> busy(event.start) }

  state busy(start: Int) {
    do Adder(start) as worker
    on ADD / send worker ADD(event.n)
    on FINISH / send worker FINISH
    on BREAK / send worker BREAK
    on HOLD / send worker HOLD
    on LEAVE -> idle
    on done(worker) -> idle / emit RESULT(event.result)
  }
}
