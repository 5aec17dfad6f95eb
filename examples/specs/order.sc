/// An order: every step says how to take it back.
strict machine Order(id: Text, amount: Int) "Order" {
  input {
    PLACE
    RESERVED
    OUT_OF_STOCK(item: Text)
    CHARGED(receipt: Text)
    DECLINED(reason: Text)
    SHIPPED
    NO_COURIER(reason: Text)
    CANCEL
  }
  output { CONFIRMED(id: Text)  CANCELLED(id: Text, why: Text) }
  context { why: Text = "" }

  extern {
    service reserve(order: Text) -> RESERVED ! OUT_OF_STOCK
    service charge(order: Text, amount: Int) -> CHARGED ! DECLINED
    service ship(order: Text) -> SHIPPED ! NO_COURIER
    /// Writes a line into the order's file.
    action note(order: Text, text: Text)
    /// Gives the goods back to the stock.
    action release(order: Text)
    /// Gives the money back.
    action refund(receipt: Text)
  }

  initial new

  state new "New" { on PLACE -> working.reserving  on CANCEL -> cancelled / why := "cancelled" }

  state working "Working" {
    initial reserving
    on CANCEL -> undoing / why := "cancelled by the customer"

    state reserving "Reserving" {
      do reserve(id)
      on RESERVED -> charging / note(id, "reserved") undo release(id)
      on OUT_OF_STOCK -> undoing / why := event.item + " is out of stock"
    }
    state charging "Charging" {
      do charge(id, amount)
      on CHARGED -> shipping / note(id, "charged") undo refund(event.receipt)
      on DECLINED -> undoing / why := event.reason
      after 30s -> undoing / why := "the bank did not answer"
    }
    state shipping "Shipping" {
      do ship(id)
      on SHIPPED -> done_ / commit
      on NO_COURIER -> undoing / why := event.reason
    }
  }

  state undoing "Undoing" {
    entry / compensate
    always -> cancelled
  }

  final done_ "Done" { entry / emit CONFIRMED(id) }
  final cancelled "Cancelled" { entry / emit CANCELLED(id, why) }
}
