/// Connects, and tries again with growing pauses.
strict machine Connection "Connection" {
  input { CONNECT  CONNECTED(peer: Text)  REFUSED(reason: Text)  CLOSE }
  output { UP(peer: Text)  GAVE_UP(reason: Text) }
  context { attempts: Int = 0  pause: Duration = 10ms  reason: Text = "" }

  extern { service dial(attempt: Int) -> CONNECTED ! REFUSED }

  initial closed
  on CLOSE -> closed

  state closed "Closed" {
    entry / attempts := 0, pause := 10ms
    on CONNECT -> dialling
    on CLOSE
  }

  state dialling "Dialling" {
    entry / attempts := attempts + 1
    do dial(attempts)
    on CONNECTED              -> open / emit UP(event.peer)
    on REFUSED [attempts < 5] -> waiting / reason := event.reason
    on REFUSED                -> closed / emit GAVE_UP(event.reason)
    on CONNECT
  }

  state waiting "Waiting" {
    exit / pause := pause * 2
    after (pause) -> dialling
    on CONNECT
  }

  state open "Open" { on CONNECT }
}
