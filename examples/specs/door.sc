/// A door with a code lock.
machine Door "Door" {
  input { CODE(digits: Text) }
  output { UNLOCK  LOCK  WRONG(left: Int)  BLOCKED }
  context { tries: Int = 0 }
  extern {
    /// Whether these digits open the door.
    guard opens(digits: Text)
  }

  initial locked

  accept state locked "Locked" {
    on CODE [opens(event.digits)] -> open / tries := 0
    on CODE [tries < 2] / tries := tries + 1, emit WRONG(3 - tries)
    on CODE -> blocked
  }

  state open "Open" {
    entry / emit UNLOCK
    exit / emit LOCK
    on CODE / emit UNLOCK
    after 5s -> locked
  }

  state blocked "Blocked" #alarm {
    entry / emit BLOCKED
    on CODE / emit BLOCKED
    after 30s -> locked / tries := 0
  }

  example "CODE(\"1\") CODE(\"2\") CODE(\"3\") +30s" -> locked
}
