/// Carries parcels: asks a service for a route, and waits for it at most 30s.
machine Courier {
  input {
    ORDER(parcel: Parcel, weight: Int)
    ROUTE(stops: Int)
    LOST(reason: Text)
    CANCEL
    AGAIN
  }
  output { DELIVERED(parcel: Parcel, stops: Int)  FAILED(reason: Text) }
  context { tries: Int = 0 }

  extern {
    type Parcel
    guard insured(Parcel)
    service route(parcel: Parcel) -> ROUTE ! LOST
  }

  initial idle

  on AGAIN / log "again"

  state idle {
    on ORDER [event.weight > 100]     / emit FAILED("too heavy")
    on ORDER [insured(event.parcel)] -> busy(event.parcel) / log "insured"
    on ORDER                         -> busy(event.parcel)
  }

  state busy(parcel: Parcel) {
    do route(parcel)
    defer ORDER
    on ROUTE  -> idle / tries := 0, emit DELIVERED(parcel, event.stops)
    on LOST   -> idle / tries := tries + 1, emit FAILED(event.reason), send self AGAIN
    on CANCEL -> idle
    after 30s -> idle / emit FAILED("late")
  }
}
