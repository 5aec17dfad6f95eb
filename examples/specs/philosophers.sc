/// Thinks, takes the fork with the lower number, then the other one, eats. Since everybody takes the lower one first,
/// there is always somebody who can go on: no circle of waiting can close.
strict machine Philosopher(seat: Int, seats: Int = 5, meals: Int = 3) "Philosopher" {
  input { SIT  TAKEN(seat: Int, fork: Int) }
  output { ATE(seat: Int, meal: Int) }
  peer fork: Fork
  context { eaten: Int = 0 }

  initial away

  state away "Away" { on SIT -> thinking }

  state thinking "Thinking" {
    always [eaten >= meals] -> full
    after 10ms -> hungry
  }

  // Only who sits last has the fork with the lower number on the right.
  state hungry "Hungry" {
    entry / if seat + 1 < seats { send fork TAKE(seat, seat) } else { send fork TAKE(0, seat) }
    on TAKEN -> holding
  }

  state holding "One fork" {
    entry / if seat + 1 < seats { send fork TAKE(seat + 1, seat) } else { send fork TAKE(seat, seat) }
    on TAKEN -> eating
  }

  state eating "Eating" {
    entry / eaten := eaten + 1, emit ATE(seat, eaten)
    exit / send fork DROP(seat), send fork DROP((seat + 1) % seats)
    after 5ms -> thinking
  }

  final full "Full"
}

/// A fork between two philosophers. Who asks for one that is taken waits: the event is deferred.
strict machine Fork(fork: Int) "Fork" {
  input { TAKE(fork: Int, seat: Int)  DROP(fork: Int) }
  peer philosopher: Philosopher

  initial free

  accept state free "Free" {
    on TAKE -> taken / send philosopher TAKEN(event.seat, fork)
  }

  state taken "Taken" {
    defer TAKE
    on DROP -> free
  }
}

/// A message goes to the philosopher or fork that it names: the field is called as the family's.
system Table "Dining philosophers" {
  actor philosopher[seat: Int]: Philosopher
  actor fork[fork: Int]: Fork
  philosopher -> fork : TAKE | DROP
  fork -> philosopher : TAKEN
}
