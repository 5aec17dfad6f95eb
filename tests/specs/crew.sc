/// Does what it is told, until it is stopped or has nothing to do.
machine Hand {
  input { WORK(n: Int) }
  output { DID(n: Int)  GONE }
  context { sum: Int = 0 }

  initial ready

  state ready {
    exit / emit GONE, log "gone"
    on WORK / sum := sum + event.n, emit DID(sum)
    after 30s -> over / log "rested"
  }

  final over
}

/// Has one hand at a time.
machine Crew {
  input { HIRE  FIRE  WORK(n: Int)  SPIN }
  output { FAILED(kind: Text) }

  initial idle

  state idle {
    on HIRE / spawn Hand() as hand
    on FIRE / stop hand
    on WORK / send hand WORK(event.n)
    on SPIN / send self SPIN
    on done(hand) / log "done"
    on fault / emit FAILED(event.kind)
  }
}
