/// Three levels; every exit, transition and entry counts. CROSS leaves two states and enters two, BUBBLE is handled
/// two levels up, LEAP leaves three states and enters three.
machine Tiers "Three levels" {
  input { CROSS BUBBLE LEAP }

  context {
    exits: Int = 0
    moves: Int = 0
    entries: Int = 0
  }

  initial first

  state first "First" {
    initial left
    entry / entries := entries + 1
    exit / exits := exits + 1
    on BUBBLE / moves := moves + 1
    on LEAP -> second / moves := moves + 1

    state left "Left" {
      initial near
      entry / entries := entries + 1
      exit / exits := exits + 1

      state near "Near" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> first.right.near / moves := moves + 1
      }

      state far "Far" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> first.right.far / moves := moves + 1
      }
    }

    state right "Right" {
      initial near
      entry / entries := entries + 1
      exit / exits := exits + 1

      state near "Near" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> first.left.far / moves := moves + 1
      }

      state far "Far" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> first.left.near / moves := moves + 1
      }
    }
  }

  state second "Second" {
    initial left
    entry / entries := entries + 1
    exit / exits := exits + 1
    on BUBBLE / moves := moves + 1
    on LEAP -> first / moves := moves + 1

    state left "Left" {
      initial near
      entry / entries := entries + 1
      exit / exits := exits + 1

      state near "Near" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> second.right.near / moves := moves + 1
      }

      state far "Far" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> second.right.far / moves := moves + 1
      }
    }

    state right "Right" {
      initial near
      entry / entries := entries + 1
      exit / exits := exits + 1

      state near "Near" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> second.left.far / moves := moves + 1
      }

      state far "Far" {
        entry / entries := entries + 1
        exit / exits := exits + 1
        on CROSS -> second.left.near / moves := moves + 1
      }
    }
  }
}
