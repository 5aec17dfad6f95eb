/// Two regions want to leave the parallel state that holds them, to different places.
machine Rivals {
  input { GO STOP }
  initial race
  parallel race {
    region left {
      initial a
      state a { on GO -> won_left }
    }
    region right {
      initial b
      state b {
        on GO -> won_right
        on STOP -> c
      }
      state c {
        on STOP -> b
        defer GO
      }
    }
  }
  state won_left { on STOP -> race }
  state won_right { on STOP -> race }
}
