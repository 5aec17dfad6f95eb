/// Thinks, takes the fork with the lower number, then the other one, eats. Since everybody takes the lower one first,
/// there is always somebody who can go on: no circle of waiting can close.
strict machine Philosopher(id: Int, seats: Int = 5, meals: Int = 3) "Philosopher" {
  input { TAKEN(to: Int, fork: Int) }
  output { ATE(id: Int, meal: Int) }
  peer fork: Fork
  context { eaten: Int = 0 }

  initial thinking

  state thinking "Thinking" {
    always [eaten >= meals] -> full
    after 10ms -> hungry
  }

  // Only who sits last has the fork with the lower number on the right.
  state hungry "Hungry" {
    entry / if id + 1 < seats { send fork TAKE(id, id) } else { send fork TAKE(0, id) }
    on TAKEN -> holding
  }

  state holding "One fork" {
    entry / if id + 1 < seats { send fork TAKE(id + 1, id) } else { send fork TAKE(id, id) }
    on TAKEN -> eating
  }

  state eating "Eating" {
    entry / eaten := eaten + 1, emit ATE(id, eaten)
    exit / send fork DROP(id), send fork DROP((id + 1) % seats)
    after 5ms -> thinking
  }

  final full "Full"
}

/// A fork between two philosophers. Who asks for one that is taken waits: the event is deferred.
strict machine Fork(id: Int) "Fork" {
  input { TAKE(fork: Int, by: Int)  DROP(fork: Int) }
  peer philosopher: Philosopher

  initial free

  accept state free "Free" {
    on TAKE -> taken / send philosopher TAKEN(event.by, id)
  }

  state taken "Taken" {
    defer TAKE
    on DROP -> free
  }
}

system Table "Dining philosophers" {
  actor philosopher[id: Int]: Philosopher
  actor fork[id: Int]: Fork
  philosopher -> fork : TAKE | DROP
  fork -> philosopher : TAKEN
}
