/// A vault with two locks that must be opened together: something of everything that `why` has to tell.
strict machine Vault {
  input {
    COIN(value: Int)
    PUSH
    RESET
    KNOCK
    SPLIT(parts: Int)
  }
  internal { OPENED }
  output { LIGHT(share: Int) }
  context {
    paid: Int = 0
    price: Int = 3
    share: Int = 1
  }
  extern { guard trusted(Int) }

  region door {
    initial closed
    // Knocking is of no interest here, nor further in.
    on KNOCK
    on RESET -> closed / paid := 0

    state closed {
      on COIN [paid + event.value >= price and trusted(event.value)] -> open / raise OPENED
      on COIN [event.value < 0 or event.value > 100]
      on COIN / paid := paid + event.value
      on SPLIT [price / event.parts > 1] / share := price / event.parts
      on RESET -> jammed
      defer PUSH
      always [paid > 5] -> jammed
    }
    state open {
      on PUSH -> closed
    }
    state jammed { on PUSH }
  }

  region lamp {
    initial dark
    state dark {
      on OPENED -> bright / emit LIGHT(share)
      on PUSH
    }
    state bright {
      on RESET -> dark
      on PUSH -> dark
    }
  }
}
