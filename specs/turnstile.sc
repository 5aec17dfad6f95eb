/// A turnstile: a coin unlocks it for one person.
machine Turnstile "Turnstile" {
  input { COIN PUSH }
  output { UNLOCK LOCK ALARM }
  context { coins: Int = 0 }

  initial locked

  accept state locked "Locked" {
    on COIN -> unlocked / coins := coins + 1, emit UNLOCK
    on PUSH / emit ALARM
  }

  state unlocked "Unlocked" {
    on PUSH -> locked / emit LOCK
    on COIN / coins := coins + 1
  }
}
