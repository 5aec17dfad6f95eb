// Made from grammar.pest by `cargo xtask grammar`. Do not edit.

use super::grammar::{Definition, Expr, First, Kind};

#[allow(non_camel_case_types, clippy::upper_case_acronyms)]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Rule {
    EOI,
    WHITESPACE,
    COMMENT,
    dangling,
    doc,
    idc,
    ident,
    quoted,
    string,
    digits,
    reserved,
    arrow,
    colon,
    kw_accept,
    kw_action,
    kw_actor,
    kw_after,
    kw_always,
    kw_and,
    kw_as,
    kw_before,
    kw_can,
    kw_cancel,
    kw_child,
    kw_commit,
    kw_compensate,
    kw_context,
    kw_deep,
    kw_defer,
    kw_delay,
    kw_do,
    kw_done,
    kw_else,
    kw_emit,
    kw_entry,
    kw_event,
    kw_example,
    kw_exit,
    kw_extern,
    kw_external,
    kw_false,
    kw_fault,
    kw_final,
    kw_for,
    kw_fragment,
    kw_from,
    kw_guard,
    kw_history,
    kw_if,
    kw_implies,
    kw_import,
    kw_in,
    kw_initial,
    kw_input,
    kw_internal,
    kw_invariant,
    kw_leads,
    kw_limits,
    kw_log,
    kw_machine,
    kw_message,
    kw_migrate,
    kw_never,
    kw_nondeterministic,
    kw_none,
    kw_not,
    kw_now,
    kw_on,
    kw_or,
    kw_output,
    kw_parallel,
    kw_peer,
    kw_property,
    kw_raise,
    kw_reach,
    kw_region,
    kw_return,
    kw_self,
    kw_send,
    kw_service,
    kw_spawn,
    kw_state,
    kw_stop,
    kw_streams,
    kw_strict,
    kw_system,
    kw_to,
    kw_true,
    kw_type,
    kw_undo,
    kw_use,
    file,
    top,
    import,
    machine,
    fragment,
    body,
    tag,
    member,
    input,
    internals,
    output,
    symbols,
    symbol_item,
    symbol,
    symbol_name,
    fields,
    field,
    ty,
    list_ty,
    optional_mark,
    context,
    variable_item,
    variable,
    externs,
    extern_item,
    extern_type,
    extern_guard,
    extern_action,
    service,
    streams,
    successes,
    failures,
    alternatives,
    params,
    param,
    peer,
    use_fragment,
    limits,
    limit,
    limit_name,
    initial,
    state,
    parallel,
    region,
    final_state,
    history,
    path,
    place,
    data_params,
    data_param,
    entry,
    exit,
    activity,
    returned,
    defer,
    on,
    always,
    after,
    reaction,
    guard,
    target,
    span_expr,
    pattern,
    alternative,
    any,
    prefix,
    done,
    slash,
    actions,
    action,
    simple,
    emit,
    raise,
    send,
    cancel,
    spawn,
    stop,
    choice,
    each,
    block,
    compensate,
    commit,
    log,
    assign,
    call,
    args,
    arg,
    example,
    property,
    reachable,
    leads,
    invariant,
    never,
    migrate,
    moved,
    event_path,
    expr,
    conjunction,
    negation,
    comparison,
    comparator,
    defaulted,
    default_op,
    sum,
    sum_op,
    product,
    product_op,
    unary,
    minus,
    postfix,
    index,
    primary,
    parenthesised,
    list,
    is_in,
    event_field,
    reference,
    duration,
    float,
    int,
    number,
    system,
    system_item,
    actor,
    external,
    party,
    wire,
    item_start,
    word,
    token,
    parens,
    brackets,
    braces,
    bad_top,
    bad_item,
    bad_symbol,
    bad_variable,
    bad_extern,
    bad_wire,
}

/// What white space and comments begin with.
pub(super) const SPACE: First = First(0x80000000000000000000800100002600);

/// In the order of `Rule`.
pub(super) static RULES: [Definition; 230] = [
    // EOI
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::End },
    // WHITESPACE
    Definition { kind: Kind::Space, first: First(0x80000000000000000000000100002600), expr: Expr::Choice(&[Expr::Str(" "), Expr::Str("\t"), Expr::Str("\r"), Expr::Str("\n"), Expr::Str("\u{feff}")]) },
    // COMMENT
    Definition { kind: Kind::Space, first: First(0x800000000000), expr: Expr::Choice(&[Expr::Seq(&[Expr::Str("//"), Expr::Not(&Expr::Seq(&[Expr::Str("/"), Expr::Not(&Expr::Str("/"))])), Expr::Until(&["\n"])]), Expr::Seq(&[Expr::Str("/*"), Expr::Until(&["*/"]), Expr::Str("*/")])]) },
    // dangling
    Definition { kind: Kind::Normal, first: First(0x800000000000), expr: Expr::Seq(&[Expr::Rule(Rule::doc), Expr::Rep(&Expr::Rule(Rule::doc))]) },
    // doc
    Definition { kind: Kind::Atomic, first: First(0x800000000000), expr: Expr::Seq(&[Expr::Str("///"), Expr::Not(&Expr::Str("/")), Expr::Until(&["\n"])]) },
    // idc
    Definition { kind: Kind::Silent, first: First(0x7fffffe87fffffe03ff000000000000), expr: Expr::Choice(&[Expr::Alphanumeric, Expr::Str("_")]) },
    // ident
    Definition { kind: Kind::Atomic, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Not(&Expr::Rule(Rule::reserved)), Expr::Choice(&[Expr::Letter, Expr::Str("_")]), Expr::Rep(&Expr::Rule(Rule::idc))]) },
    // quoted
    Definition { kind: Kind::Atomic, first: First(0x8000000000), expr: Expr::Seq(&[Expr::Str("'"), Expr::Not(&Expr::Choice(&[Expr::Str("'"), Expr::Str("\n")])), Expr::Any, Expr::Rep(&Expr::Seq(&[Expr::Not(&Expr::Choice(&[Expr::Str("'"), Expr::Str("\n")])), Expr::Any])), Expr::Str("'")]) },
    // string
    Definition { kind: Kind::Atomic, first: First(0x400000000), expr: Expr::Seq(&[Expr::Str("\""), Expr::Rep(&Expr::Choice(&[Expr::Seq(&[Expr::Str("\\"), Expr::Any]), Expr::Seq(&[Expr::Not(&Expr::Choice(&[Expr::Str("\""), Expr::Str("\\")])), Expr::Any])])), Expr::Str("\"")]) },
    // digits
    Definition { kind: Kind::Atomic, first: First(0x3ff000000000000), expr: Expr::Seq(&[Expr::Digit, Expr::Rep(&Expr::Digit), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // reserved
    Definition { kind: Kind::Silent, first: First(0x38c272000000000000000000000000), expr: Expr::Seq(&[Expr::Choice(&[Expr::Str("done"), Expr::Str("self"), Expr::Str("fault"), Expr::Str("none"), Expr::Str("true"), Expr::Str("false"), Expr::Str("and"), Expr::Str("or"), Expr::Str("not"), Expr::Str("in"), Expr::Str("event"), Expr::Str("now"), Expr::Str("on"), Expr::Str("do"), Expr::Str("if"), Expr::Str("for"), Expr::Str("else"), Expr::Str("undo")]), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // arrow
    Definition { kind: Kind::Normal, first: First(0x200000000000), expr: Expr::Str("->") },
    // colon
    Definition { kind: Kind::Normal, first: First(0x400000000000000), expr: Expr::Str(":") },
    // kw_accept
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Str("accept"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_action
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Str("action"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_actor
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Str("actor"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_after
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Str("after"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_always
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Str("always"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_and
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Str("and"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_as
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Str("as"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_before
    Definition { kind: Kind::Atomic, first: First(0x4000000000000000000000000), expr: Expr::Seq(&[Expr::Str("before"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_can
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Str("can"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_cancel
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Str("cancel"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_child
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Str("child"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_commit
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Str("commit"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_compensate
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Str("compensate"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_context
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Str("context"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_deep
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Str("deep"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_defer
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Str("defer"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_delay
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Str("delay"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_do
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Str("do"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_done
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Str("done"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_else
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("else"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_emit
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("emit"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_entry
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("entry"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_event
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("event"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_example
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("example"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_exit
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("exit"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_extern
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("extern"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_external
    Definition { kind: Kind::Atomic, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Str("external"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_false
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Str("false"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_fault
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Str("fault"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_final
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Str("final"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_for
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Str("for"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_fragment
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Str("fragment"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_from
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Str("from"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_guard
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000), expr: Expr::Seq(&[Expr::Str("guard"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_history
    Definition { kind: Kind::Atomic, first: First(0x100000000000000000000000000), expr: Expr::Seq(&[Expr::Str("history"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_if
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("if"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_implies
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("implies"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_import
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("import"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_in
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("in"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_initial
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("initial"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_input
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("input"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_internal
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("internal"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_invariant
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Str("invariant"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_leads
    Definition { kind: Kind::Atomic, first: First(0x1000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("leads"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_limits
    Definition { kind: Kind::Atomic, first: First(0x1000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("limits"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_log
    Definition { kind: Kind::Atomic, first: First(0x1000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("log"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_machine
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("machine"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_message
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("message"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_migrate
    Definition { kind: Kind::Atomic, first: First(0x2000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("migrate"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_never
    Definition { kind: Kind::Atomic, first: First(0x4000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("never"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_nondeterministic
    Definition { kind: Kind::Atomic, first: First(0x4000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("nondeterministic"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_none
    Definition { kind: Kind::Atomic, first: First(0x4000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("none"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_not
    Definition { kind: Kind::Atomic, first: First(0x4000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("not"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_now
    Definition { kind: Kind::Atomic, first: First(0x4000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("now"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_on
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("on"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_or
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("or"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_output
    Definition { kind: Kind::Atomic, first: First(0x8000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("output"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_parallel
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("parallel"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_peer
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("peer"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_property
    Definition { kind: Kind::Atomic, first: First(0x10000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("property"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_raise
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("raise"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_reach
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("reach"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_region
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("region"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_return
    Definition { kind: Kind::Atomic, first: First(0x40000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("return"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_self
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("self"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_send
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("send"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_service
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("service"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_spawn
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("spawn"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_state
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("state"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_stop
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("stop"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_streams
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("streams"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_strict
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("strict"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_system
    Definition { kind: Kind::Atomic, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("system"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_to
    Definition { kind: Kind::Atomic, first: First(0x100000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("to"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_true
    Definition { kind: Kind::Atomic, first: First(0x100000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("true"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_type
    Definition { kind: Kind::Atomic, first: First(0x100000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("type"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_undo
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("undo"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // kw_use
    Definition { kind: Kind::Atomic, first: First(0x200000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("use"), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // file
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Start, Expr::Rep(&Expr::Rule(Rule::top)), Expr::Opt(&Expr::Rule(Rule::dangling)), Expr::Rule(Rule::EOI)]) },
    // top
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::doc)), Expr::Choice(&[Expr::Rule(Rule::import), Expr::Rule(Rule::machine), Expr::Rule(Rule::fragment), Expr::Rule(Rule::system), Expr::Rule(Rule::bad_top)])]) },
    // import
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_import), Expr::Rule(Rule::string)]) },
    // machine
    Definition { kind: Kind::Normal, first: First(0x80086000000000000000800100002600), expr: Expr::Seq(&[Expr::Rep(&Expr::Choice(&[Expr::Rule(Rule::kw_strict), Expr::Rule(Rule::kw_nondeterministic)])), Expr::Rule(Rule::kw_machine), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::data_params)), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Rule(Rule::body)]) },
    // fragment
    Definition { kind: Kind::Normal, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_fragment), Expr::Rule(Rule::ident), Expr::Rule(Rule::body)]) },
    // body
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("{"), Expr::Rep(&Expr::Rule(Rule::member)), Expr::Opt(&Expr::Rule(Rule::dangling)), Expr::Str("}")]) },
    // tag
    Definition { kind: Kind::Normal, first: First(0x800000000), expr: Expr::Seq(&[Expr::Str("#"), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Seq(&[Expr::Str("("), Expr::Rule(Rule::string), Expr::Str(")")]))]) },
    // member
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::doc)), Expr::Choice(&[Expr::Rule(Rule::input), Expr::Rule(Rule::internals), Expr::Rule(Rule::output), Expr::Rule(Rule::context), Expr::Rule(Rule::externs), Expr::Rule(Rule::peer), Expr::Rule(Rule::limits), Expr::Rule(Rule::initial), Expr::Rule(Rule::state), Expr::Rule(Rule::parallel), Expr::Rule(Rule::region), Expr::Rule(Rule::final_state), Expr::Rule(Rule::history), Expr::Rule(Rule::entry), Expr::Rule(Rule::exit), Expr::Rule(Rule::on), Expr::Rule(Rule::always), Expr::Rule(Rule::after), Expr::Rule(Rule::activity), Expr::Rule(Rule::defer), Expr::Rule(Rule::returned), Expr::Rule(Rule::use_fragment), Expr::Rule(Rule::example), Expr::Rule(Rule::property), Expr::Rule(Rule::invariant), Expr::Rule(Rule::never), Expr::Rule(Rule::migrate), Expr::Rule(Rule::bad_item)])]) },
    // input
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_input), Expr::Rule(Rule::symbols)]) },
    // internals
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_internal), Expr::Rule(Rule::symbols)]) },
    // output
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_output), Expr::Rule(Rule::symbols)]) },
    // symbols
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("{"), Expr::Rep(&Expr::Rule(Rule::symbol_item)), Expr::Opt(&Expr::Rule(Rule::dangling)), Expr::Str("}")]) },
    // symbol_item
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::doc)), Expr::Choice(&[Expr::Rule(Rule::symbol), Expr::Rule(Rule::bad_symbol)])]) },
    // symbol
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe03ff808100002600), expr: Expr::Seq(&[Expr::Rule(Rule::symbol_name), Expr::Opt(&Expr::Rule(Rule::fields))]) },
    // symbol_name
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe03ff808100002600), expr: Expr::Choice(&[Expr::Rule(Rule::quoted), Expr::Rule(Rule::ident), Expr::Rule(Rule::digits)]) },
    // fields
    Definition { kind: Kind::Normal, first: First(0x10000000000), expr: Expr::Seq(&[Expr::Str("("), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::field), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::field)]))])), Expr::Str(")")]) },
    // field
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(":"), Expr::Rule(Rule::ty)]) },
    // ty
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe0000800100002600), expr: Expr::Seq(&[Expr::Choice(&[Expr::Rule(Rule::list_ty), Expr::Rule(Rule::ident)]), Expr::Opt(&Expr::Rule(Rule::optional_mark))]) },
    // list_ty
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000), expr: Expr::Seq(&[Expr::Str("["), Expr::Rule(Rule::ty), Expr::Str("]")]) },
    // optional_mark
    Definition { kind: Kind::Normal, first: First(0x8000000000000000), expr: Expr::Str("?") },
    // context
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_context), Expr::Str("{"), Expr::Rep(&Expr::Rule(Rule::variable_item)), Expr::Opt(&Expr::Rule(Rule::dangling)), Expr::Str("}")]) },
    // variable_item
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::doc)), Expr::Choice(&[Expr::Rule(Rule::variable), Expr::Rule(Rule::bad_variable)])]) },
    // variable
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(":"), Expr::Rule(Rule::ty), Expr::Str("="), Expr::Rule(Rule::expr)]) },
    // externs
    Definition { kind: Kind::Normal, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_extern), Expr::Str("{"), Expr::Rep(&Expr::Rule(Rule::extern_item)), Expr::Opt(&Expr::Rule(Rule::dangling)), Expr::Str("}")]) },
    // extern_item
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::doc)), Expr::Choice(&[Expr::Rule(Rule::extern_type), Expr::Rule(Rule::service), Expr::Rule(Rule::extern_guard), Expr::Rule(Rule::extern_action), Expr::Rule(Rule::bad_extern)])]) },
    // extern_type
    Definition { kind: Kind::Normal, first: First(0x100000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_type), Expr::Rule(Rule::ident), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::ident)]))]) },
    // extern_guard
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_guard), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::params))]) },
    // extern_action
    Definition { kind: Kind::Normal, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_action), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::params))]) },
    // service
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_service), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::params)), Expr::Opt(&Expr::Rule(Rule::streams)), Expr::Opt(&Expr::Rule(Rule::successes)), Expr::Opt(&Expr::Rule(Rule::failures))]) },
    // streams
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_streams), Expr::Rule(Rule::alternatives)]) },
    // successes
    Definition { kind: Kind::Normal, first: First(0x200000000000), expr: Expr::Seq(&[Expr::Str("->"), Expr::Rule(Rule::alternatives)]) },
    // failures
    Definition { kind: Kind::Normal, first: First(0x200000000), expr: Expr::Seq(&[Expr::Str("!"), Expr::Rule(Rule::alternatives)]) },
    // alternatives
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe03ff808100002600), expr: Expr::Seq(&[Expr::Rule(Rule::symbol_name), Expr::Rep(&Expr::Seq(&[Expr::Str("|"), Expr::Rule(Rule::symbol_name)]))]) },
    // params
    Definition { kind: Kind::Normal, first: First(0x10000000000), expr: Expr::Seq(&[Expr::Str("("), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::param), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::param)]))])), Expr::Str(")")]) },
    // param
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe0000800100002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(":")])), Expr::Rule(Rule::ty)]) },
    // peer
    Definition { kind: Kind::Normal, first: First(0x10000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_peer), Expr::Rule(Rule::ident), Expr::Str(":"), Expr::Rule(Rule::ident)]) },
    // use_fragment
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_use), Expr::Rule(Rule::ident)]) },
    // limits
    Definition { kind: Kind::Normal, first: First(0x1000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_limits), Expr::Str("{"), Expr::Rep(&Expr::Rule(Rule::limit)), Expr::Str("}")]) },
    // limit
    Definition { kind: Kind::Normal, first: First(0x7fffffe07fffffe0000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::limit_name), Expr::Str(":"), Expr::Rule(Rule::int)]) },
    // limit_name
    Definition { kind: Kind::Atomic, first: First(0x7fffffe07fffffe0000000000000000), expr: Expr::Seq(&[Expr::Letter, Expr::Rep(&Expr::Rule(Rule::idc))]) },
    // initial
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_initial), Expr::Rule(Rule::place), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::place)])), Expr::Opt(&Expr::Rule(Rule::actions))]) },
    // state
    Definition { kind: Kind::Normal, first: First(0x80080002000000000000800100002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Rule(Rule::kw_accept)), Expr::Rule(Rule::kw_state), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::data_params)), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Opt(&Expr::Rule(Rule::body))]) },
    // parallel
    Definition { kind: Kind::Normal, first: First(0x80010002000000000000800100002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Rule(Rule::kw_accept)), Expr::Rule(Rule::kw_parallel), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::data_params)), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Rule(Rule::body)]) },
    // region
    Definition { kind: Kind::Normal, first: First(0x40000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_region), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Opt(&Expr::Rule(Rule::body))]) },
    // final_state
    Definition { kind: Kind::Normal, first: First(0x80000042000000000000800100002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Rule(Rule::kw_accept)), Expr::Rule(Rule::kw_final), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::data_params)), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Opt(&Expr::Rule(Rule::body))]) },
    // history
    Definition { kind: Kind::Normal, first: First(0x80000110000000000000800100002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Rule(Rule::kw_deep)), Expr::Rule(Rule::kw_history), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Opt(&Expr::Seq(&[Expr::Str("->"), Expr::Rule(Rule::place), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::place)])), Expr::Opt(&Expr::Rule(Rule::actions))]))]) },
    // path
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Rep(&Expr::Seq(&[Expr::Str("."), Expr::Rule(Rule::ident)]))]) },
    // place
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::path), Expr::Opt(&Expr::Rule(Rule::args))]) },
    // data_params
    Definition { kind: Kind::Normal, first: First(0x10000000000), expr: Expr::Seq(&[Expr::Str("("), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::data_param), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::data_param)]))])), Expr::Str(")")]) },
    // data_param
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(":"), Expr::Rule(Rule::ty), Expr::Opt(&Expr::Seq(&[Expr::Str("="), Expr::Rule(Rule::expr)]))]) },
    // entry
    Definition { kind: Kind::Normal, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_entry), Expr::Rule(Rule::actions)]) },
    // exit
    Definition { kind: Kind::Normal, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_exit), Expr::Rule(Rule::actions)]) },
    // activity
    Definition { kind: Kind::Normal, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_do), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::args)), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::kw_as), Expr::Rule(Rule::ident)]))]) },
    // returned
    Definition { kind: Kind::Normal, first: First(0x40000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_return), Expr::Rule(Rule::expr)]) },
    // defer
    Definition { kind: Kind::Normal, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_defer), Expr::Rule(Rule::pattern)]) },
    // on
    Definition { kind: Kind::Normal, first: First(0x80008200000000000000800100002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Rule(Rule::kw_internal)), Expr::Rule(Rule::kw_on), Expr::Rule(Rule::pattern), Expr::Rule(Rule::reaction)]) },
    // always
    Definition { kind: Kind::Normal, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_always), Expr::Rule(Rule::reaction)]) },
    // after
    Definition { kind: Kind::Normal, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_after), Expr::Rule(Rule::span_expr), Expr::Rule(Rule::reaction)]) },
    // reaction
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Opt(&Expr::Rule(Rule::guard)), Expr::Opt(&Expr::Rule(Rule::target)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Opt(&Expr::Rule(Rule::actions))]) },
    // guard
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000), expr: Expr::Seq(&[Expr::Str("["), Expr::Rule(Rule::expr), Expr::Str("]")]) },
    // target
    Definition { kind: Kind::Normal, first: First(0x200000000000), expr: Expr::Seq(&[Expr::Str("->"), Expr::Choice(&[Expr::Seq(&[Expr::Rule(Rule::kw_self), Expr::Opt(&Expr::Rule(Rule::args))]), Expr::Seq(&[Expr::Rule(Rule::place), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::place)]))])])]) },
    // span_expr
    Definition { kind: Kind::Normal, first: First(0x3ff010000000000), expr: Expr::Choice(&[Expr::Rule(Rule::duration), Expr::Seq(&[Expr::Str("("), Expr::Rule(Rule::expr), Expr::Str(")")])]) },
    // pattern
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe03ff848100002600), expr: Expr::Seq(&[Expr::Rule(Rule::alternative), Expr::Rep(&Expr::Seq(&[Expr::Str("|"), Expr::Rule(Rule::alternative)]))]) },
    // alternative
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe03ff848100002600), expr: Expr::Choice(&[Expr::Rule(Rule::any), Expr::Rule(Rule::done), Expr::Rule(Rule::kw_fault), Expr::Rule(Rule::prefix), Expr::Rule(Rule::symbol_name)]) },
    // any
    Definition { kind: Kind::Normal, first: First(0x40000000000), expr: Expr::Str("*") },
    // prefix
    Definition { kind: Kind::Atomic, first: First(0x7fffffe87fffffe0000000000000000), expr: Expr::Seq(&[Expr::Choice(&[Expr::Letter, Expr::Str("_")]), Expr::Rep(&Expr::Rule(Rule::idc)), Expr::Str("*")]) },
    // done
    Definition { kind: Kind::Normal, first: First(0x10000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_done), Expr::Opt(&Expr::Seq(&[Expr::Str("("), Expr::Rule(Rule::path), Expr::Str(")")]))]) },
    // slash
    Definition { kind: Kind::Atomic, first: First(0x800000000000), expr: Expr::Seq(&[Expr::Str("/"), Expr::Not(&Expr::Str("/"))]) },
    // actions
    Definition { kind: Kind::Normal, first: First(0x800000000000), expr: Expr::Seq(&[Expr::Rule(Rule::slash), Expr::Rule(Rule::action), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::action)]))]) },
    // action
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::simple), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::kw_undo), Expr::Rule(Rule::simple)]))]) },
    // simple
    Definition { kind: Kind::Silent, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Choice(&[Expr::Rule(Rule::emit), Expr::Rule(Rule::raise), Expr::Rule(Rule::send), Expr::Rule(Rule::cancel), Expr::Rule(Rule::spawn), Expr::Rule(Rule::stop), Expr::Rule(Rule::log), Expr::Rule(Rule::choice), Expr::Rule(Rule::each), Expr::Rule(Rule::compensate), Expr::Rule(Rule::commit), Expr::Rule(Rule::assign), Expr::Rule(Rule::call)]) },
    // emit
    Definition { kind: Kind::Normal, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_emit), Expr::Rule(Rule::symbol_name), Expr::Opt(&Expr::Rule(Rule::args))]) },
    // raise
    Definition { kind: Kind::Normal, first: First(0x40000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_raise), Expr::Rule(Rule::symbol_name), Expr::Opt(&Expr::Rule(Rule::args))]) },
    // send
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_send), Expr::Choice(&[Expr::Rule(Rule::kw_self), Expr::Rule(Rule::ident)]), Expr::Rule(Rule::symbol_name), Expr::Opt(&Expr::Rule(Rule::args)), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::kw_delay), Expr::Rule(Rule::span_expr)])), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::kw_as), Expr::Rule(Rule::ident)]))]) },
    // cancel
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_cancel), Expr::Rule(Rule::ident)]) },
    // spawn
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_spawn), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::args)), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::kw_as), Expr::Rule(Rule::ident)]))]) },
    // stop
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_stop), Expr::Rule(Rule::ident)]) },
    // choice
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_if), Expr::Rule(Rule::expr), Expr::Rule(Rule::block), Expr::Rep(&Expr::Seq(&[Expr::Rule(Rule::kw_else), Expr::Rule(Rule::kw_if), Expr::Rule(Rule::expr), Expr::Rule(Rule::block)])), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::kw_else), Expr::Rule(Rule::block)]))]) },
    // each
    Definition { kind: Kind::Normal, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_for), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::ident)])), Expr::Rule(Rule::kw_in), Expr::Rule(Rule::expr), Expr::Rule(Rule::block)]) },
    // block
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("{"), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::action), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::action)]))])), Expr::Str("}")]) },
    // compensate
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_compensate), Expr::Not(&Expr::Str("("))]) },
    // commit
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_commit), Expr::Not(&Expr::Str("("))]) },
    // log
    Definition { kind: Kind::Normal, first: First(0x1000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_log), Expr::Rule(Rule::expr)]) },
    // assign
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(":="), Expr::Rule(Rule::expr)]) },
    // call
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::args))]) },
    // args
    Definition { kind: Kind::Normal, first: First(0x10000000000), expr: Expr::Seq(&[Expr::Str("("), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::arg), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::arg)]))])), Expr::Str(")")]) },
    // arg
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(":"), Expr::Not(&Expr::Str("="))])), Expr::Rule(Rule::expr)]) },
    // example
    Definition { kind: Kind::Normal, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_example), Expr::Rule(Rule::string), Expr::Rule(Rule::arrow), Expr::Rule(Rule::path), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::path)]))]) },
    // property
    Definition { kind: Kind::Normal, first: First(0x10000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_property), Expr::Rule(Rule::string), Expr::Rule(Rule::colon), Expr::Choice(&[Expr::Rule(Rule::reachable), Expr::Rule(Rule::leads)])]) },
    // reachable
    Definition { kind: Kind::Normal, first: First(0x40000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_from), Expr::Rule(Rule::path), Expr::Rule(Rule::kw_can), Expr::Rule(Rule::kw_reach), Expr::Rule(Rule::path)]) },
    // leads
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe03ff808100002600), expr: Expr::Seq(&[Expr::Rule(Rule::alternatives), Expr::Rule(Rule::kw_leads), Expr::Rule(Rule::kw_to), Expr::Rule(Rule::alternatives)]) },
    // invariant
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_invariant), Expr::Rule(Rule::string), Expr::Rule(Rule::colon), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::kw_in), Expr::Rule(Rule::path), Expr::Rule(Rule::kw_implies)])), Expr::Rule(Rule::expr)]) },
    // never
    Definition { kind: Kind::Normal, first: First(0x4000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_never), Expr::Rule(Rule::string), Expr::Rule(Rule::colon), Expr::Rule(Rule::symbol_name), Expr::Rule(Rule::kw_before), Expr::Rule(Rule::symbol_name)]) },
    // migrate
    Definition { kind: Kind::Normal, first: First(0x2000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_migrate), Expr::Rule(Rule::kw_from), Expr::Rule(Rule::string), Expr::Str("{"), Expr::Rep(&Expr::Rule(Rule::moved)), Expr::Str("}")]) },
    // moved
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Choice(&[Expr::Seq(&[Expr::Rule(Rule::kw_event), Expr::Rule(Rule::event_path), Expr::Rule(Rule::arrow), Expr::Choice(&[Expr::Rule(Rule::kw_none), Expr::Rule(Rule::event_path)])]), Expr::Seq(&[Expr::Rule(Rule::kw_undo), Expr::Rule(Rule::string), Expr::Rule(Rule::arrow), Expr::Choice(&[Expr::Rule(Rule::kw_none), Expr::Rule(Rule::string)])]), Expr::Seq(&[Expr::Opt(&Expr::Seq(&[Expr::Choice(&[Expr::Rule(Rule::kw_context), Expr::Rule(Rule::kw_child), Expr::Rule(Rule::kw_peer), Expr::Rule(Rule::kw_message)]), Expr::Not(&Expr::Rule(Rule::arrow))])), Expr::Rule(Rule::path), Expr::Rule(Rule::arrow), Expr::Choice(&[Expr::Rule(Rule::kw_none), Expr::Rule(Rule::path)])])]) },
    // event_path
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe03ff808100002600), expr: Expr::Seq(&[Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(".")])), Expr::Rule(Rule::symbol_name)]) },
    // expr
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rule(Rule::conjunction), Expr::Rep(&Expr::Seq(&[Expr::Rule(Rule::kw_or), Expr::Rule(Rule::conjunction)]))]) },
    // conjunction
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rule(Rule::negation), Expr::Rep(&Expr::Seq(&[Expr::Rule(Rule::kw_and), Expr::Rule(Rule::negation)]))]) },
    // negation
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::kw_not)), Expr::Rule(Rule::comparison)]) },
    // comparison
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rule(Rule::defaulted), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::comparator), Expr::Rule(Rule::defaulted)]))]) },
    // comparator
    Definition { kind: Kind::Normal, first: First(0x7000000200000000), expr: Expr::Choice(&[Expr::Str("=="), Expr::Str("!="), Expr::Str("<="), Expr::Str(">="), Expr::Str("<"), Expr::Str(">")]) },
    // defaulted
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rule(Rule::sum), Expr::Rep(&Expr::Seq(&[Expr::Rule(Rule::default_op), Expr::Rule(Rule::sum)]))]) },
    // default_op
    Definition { kind: Kind::Normal, first: First(0x8000000000000000), expr: Expr::Str("??") },
    // sum
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rule(Rule::product), Expr::Rep(&Expr::Seq(&[Expr::Rule(Rule::sum_op), Expr::Rule(Rule::product)]))]) },
    // sum_op
    Definition { kind: Kind::Atomic, first: First(0x280000000000), expr: Expr::Choice(&[Expr::Str("+"), Expr::Seq(&[Expr::Str("-"), Expr::Not(&Expr::Str(">"))])]) },
    // product
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rule(Rule::unary), Expr::Rep(&Expr::Seq(&[Expr::Rule(Rule::product_op), Expr::Rule(Rule::unary)]))]) },
    // product_op
    Definition { kind: Kind::Atomic, first: First(0x842000000000), expr: Expr::Choice(&[Expr::Str("*"), Expr::Seq(&[Expr::Str("/"), Expr::Not(&Expr::Str("/"))]), Expr::Str("%")]) },
    // unary
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ffa10500002600), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::minus)), Expr::Rule(Rule::postfix)]) },
    // minus
    Definition { kind: Kind::Atomic, first: First(0x200000000000), expr: Expr::Seq(&[Expr::Str("-"), Expr::Not(&Expr::Str(">"))]) },
    // postfix
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ff810500002600), expr: Expr::Seq(&[Expr::Rule(Rule::primary), Expr::Rep(&Expr::Rule(Rule::index))]) },
    // index
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000), expr: Expr::Seq(&[Expr::Str("["), Expr::Rule(Rule::expr), Expr::Str("]")]) },
    // primary
    Definition { kind: Kind::Normal, first: First(0x87fffffe8ffffffe03ff810500002600), expr: Expr::Choice(&[Expr::Rule(Rule::duration), Expr::Rule(Rule::float), Expr::Rule(Rule::int), Expr::Rule(Rule::string), Expr::Rule(Rule::kw_true), Expr::Rule(Rule::kw_false), Expr::Rule(Rule::kw_none), Expr::Rule(Rule::kw_now), Expr::Rule(Rule::is_in), Expr::Rule(Rule::event_field), Expr::Rule(Rule::list), Expr::Rule(Rule::parenthesised), Expr::Rule(Rule::reference)]) },
    // parenthesised
    Definition { kind: Kind::Normal, first: First(0x10000000000), expr: Expr::Seq(&[Expr::Str("("), Expr::Rule(Rule::expr), Expr::Str(")")]) },
    // list
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000), expr: Expr::Seq(&[Expr::Str("["), Expr::Opt(&Expr::Seq(&[Expr::Rule(Rule::expr), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::expr)]))])), Expr::Str("]")]) },
    // is_in
    Definition { kind: Kind::Normal, first: First(0x200000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_in), Expr::Str("("), Expr::Rule(Rule::path), Expr::Str(")")]) },
    // event_field
    Definition { kind: Kind::Normal, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_event), Expr::Str("."), Expr::Rule(Rule::ident)]) },
    // reference
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::args))]) },
    // duration
    Definition { kind: Kind::Atomic, first: First(0x3ff000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::number), Expr::Choice(&[Expr::Str("ms"), Expr::Str("us"), Expr::Str("s"), Expr::Str("m"), Expr::Str("h"), Expr::Str("d")]), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // float
    Definition { kind: Kind::Atomic, first: First(0x3ff000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::number), Expr::Str("."), Expr::Rule(Rule::number), Expr::Opt(&Expr::Seq(&[Expr::Insens("e"), Expr::Opt(&Expr::Choice(&[Expr::Str("+"), Expr::Str("-")])), Expr::Rule(Rule::number)])), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // int
    Definition { kind: Kind::Atomic, first: First(0x3ff000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::number), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // number
    Definition { kind: Kind::Silent, first: First(0x3ff000000000000), expr: Expr::Seq(&[Expr::Digit, Expr::Rep(&Expr::Choice(&[Expr::Digit, Expr::Str("_")]))]) },
    // system
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_system), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Str("{"), Expr::Rep(&Expr::Rule(Rule::system_item)), Expr::Opt(&Expr::Rule(Rule::dangling)), Expr::Str("}")]) },
    // system_item
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Rep(&Expr::Rule(Rule::doc)), Expr::Choice(&[Expr::Rule(Rule::actor), Expr::Rule(Rule::external), Expr::Rule(Rule::wire), Expr::Rule(Rule::bad_wire)])]) },
    // actor
    Definition { kind: Kind::Normal, first: First(0x2000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_actor), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Seq(&[Expr::Str("["), Expr::Rule(Rule::field), Expr::Str("]")])), Expr::Str(":"), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::args))]) },
    // external
    Definition { kind: Kind::Normal, first: First(0x20000000000000000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::kw_external), Expr::Rule(Rule::party), Expr::Rep(&Expr::Seq(&[Expr::Str(","), Expr::Rule(Rule::party)]))]) },
    // party
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::string))]) },
    // wire
    Definition { kind: Kind::Normal, first: First(0x87fffffe87fffffe0000800100002600), expr: Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str("->"), Expr::Rule(Rule::ident), Expr::Opt(&Expr::Rule(Rule::string)), Expr::Rep(&Expr::Rule(Rule::tag)), Expr::Opt(&Expr::Seq(&[Expr::Str(":"), Expr::Rule(Rule::alternatives)]))]) },
    // item_start
    Definition { kind: Kind::Atomic, first: First(0x2df37a000000000000000000000000), expr: Expr::Seq(&[Expr::Choice(&[Expr::Str("accept"), Expr::Str("always"), Expr::Str("after"), Expr::Str("context"), Expr::Str("deep"), Expr::Str("defer"), Expr::Str("do"), Expr::Str("entry"), Expr::Str("example"), Expr::Str("exit"), Expr::Str("extern"), Expr::Str("final"), Expr::Str("fragment"), Expr::Str("history"), Expr::Str("initial"), Expr::Str("input"), Expr::Str("internal"), Expr::Str("invariant"), Expr::Str("limits"), Expr::Str("machine"), Expr::Str("migrate"), Expr::Str("never"), Expr::Str("on"), Expr::Str("output"), Expr::Str("parallel"), Expr::Str("peer"), Expr::Str("property"), Expr::Str("region"), Expr::Str("return"), Expr::Str("state"), Expr::Str("system"), Expr::Str("import"), Expr::Str("strict"), Expr::Str("nondeterministic"), Expr::Str("use")]), Expr::Not(&Expr::Rule(Rule::idc))]) },
    // word
    Definition { kind: Kind::Atomic, first: First(0x7fffffe87fffffe03ff000000000000), expr: Expr::Seq(&[Expr::Rule(Rule::idc), Expr::Rep(&Expr::Rule(Rule::idc))]) },
    // token
    Definition { kind: Kind::Silent, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Choice(&[Expr::Rule(Rule::doc), Expr::Rule(Rule::string), Expr::Rule(Rule::quoted), Expr::Rule(Rule::word), Expr::Rule(Rule::parens), Expr::Rule(Rule::brackets), Expr::Seq(&[Expr::Not(&Expr::Choice(&[Expr::Str("{"), Expr::Str("}"), Expr::Str("("), Expr::Str(")"), Expr::Str("["), Expr::Str("]")])), Expr::Any])]) },
    // parens
    Definition { kind: Kind::Normal, first: First(0x10000000000), expr: Expr::Seq(&[Expr::Str("("), Expr::Rep(&Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)])), Expr::Str(")")]) },
    // brackets
    Definition { kind: Kind::Normal, first: First(0x80000000000000000000000), expr: Expr::Seq(&[Expr::Str("["), Expr::Rep(&Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)])), Expr::Str("]")]) },
    // braces
    Definition { kind: Kind::Normal, first: First(0x8000000000000000000000000000000), expr: Expr::Seq(&[Expr::Str("{"), Expr::Rep(&Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)])), Expr::Str("}")]) },
    // bad_top
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Not(&Expr::Str("}")), Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)]), Expr::Rep(&Expr::Seq(&[Expr::Not(&Expr::Rule(Rule::item_start)), Expr::Not(&Expr::Rule(Rule::doc)), Expr::Rule(Rule::token)])), Expr::Opt(&Expr::Rule(Rule::braces))]) },
    // bad_item
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)]), Expr::Rep(&Expr::Seq(&[Expr::Not(&Expr::Rule(Rule::item_start)), Expr::Not(&Expr::Rule(Rule::doc)), Expr::Rule(Rule::token)])), Expr::Opt(&Expr::Rule(Rule::braces))]) },
    // bad_symbol
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Choice(&[Expr::Rule(Rule::parens), Expr::Rule(Rule::brackets), Expr::Rule(Rule::braces), Expr::Rule(Rule::token)]) },
    // bad_variable
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)]), Expr::Rep(&Expr::Seq(&[Expr::Not(&Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str(":")])), Expr::Not(&Expr::Rule(Rule::doc)), Expr::Rule(Rule::token)]))]) },
    // bad_extern
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)]), Expr::Rep(&Expr::Seq(&[Expr::Not(&Expr::Rule(Rule::kw_type)), Expr::Not(&Expr::Rule(Rule::kw_service)), Expr::Not(&Expr::Rule(Rule::kw_guard)), Expr::Not(&Expr::Rule(Rule::kw_action)), Expr::Not(&Expr::Rule(Rule::doc)), Expr::Rule(Rule::token)]))]) },
    // bad_wire
    Definition { kind: Kind::Normal, first: First(0xffffffffffffffffffffffffffffffff), expr: Expr::Seq(&[Expr::Choice(&[Expr::Rule(Rule::token), Expr::Rule(Rule::braces)]), Expr::Rep(&Expr::Seq(&[Expr::Not(&Expr::Rule(Rule::kw_actor)), Expr::Not(&Expr::Rule(Rule::kw_external)), Expr::Not(&Expr::Seq(&[Expr::Rule(Rule::ident), Expr::Str("->")])), Expr::Not(&Expr::Rule(Rule::doc)), Expr::Rule(Rule::token)]))]) },
];
