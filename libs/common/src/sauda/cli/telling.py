"""A message in one line, for people: what matters of it, money in rupees. Pure."""

from sauda.clock import clock_text
from sauda.contracts import (
    Account,
    Alert,
    Audited,
    Bar,
    BrokerUpdate,
    CancelOrder,
    ChangeRules,
    ClockTick,
    Commit,
    DeadLetter,
    DeskPnl,
    FeedGap,
    Fill,
    Halt,
    HistoryReply,
    HistoryRequest,
    Instrument,
    LetterSettled,
    MarginReply,
    MarginRequest,
    Message,
    ModifyOrder,
    Opened,
    OrderAccepted,
    OrderCancelled,
    OrderModified,
    OrderRejected,
    OrderTriggered,
    PlaceBasket,
    PlaceOrder,
    PositionPnl,
    Requeued,
    ResetRisk,
    Resume,
    Signal,
    SquareOff,
    Start,
    Stop,
    StrategyPnl,
    Subscribe,
    Tick,
    Unsubscribe,
)
from sauda.money import Paise, to_indian


def tell(message: Message) -> str:
    """Return the fields of *message* that a person looks for."""
    match message:
        case Tick() | ClockTick() | FeedGap() | Instrument() | Subscribe() | Unsubscribe() | BrokerUpdate():
            return _market(message)
        case Bar() | HistoryRequest() | HistoryReply():
            return _history(message)
        case PlaceOrder() | PlaceBasket() | ModifyOrder() | CancelOrder() | Signal():
            return _intent(message)
        case PositionPnl() | StrategyPnl() | DeskPnl():
            return _pnl(message)
        case Start() | Stop() | SquareOff() | Halt() | Resume() | ResetRisk() | ChangeRules() | Alert():
            return _desk(message)
        case DeadLetter() | LetterSettled() | Requeued() | Commit() | Opened() | Audited():
            return _work(message)
        case Account() | MarginRequest() | MarginReply():
            return _account(message)
    return _execution(message)


def _market(
    message: Tick | ClockTick | FeedGap | Instrument | Subscribe | Unsubscribe | BrokerUpdate,
) -> str:
    match message:
        case Tick():
            quote = f"{_at(message.bid)} / {_at(message.ask)}"
            sizes = _named(volume=message.volume, oi=message.oi)
            return f"{message.instrument}  {to_indian(message.ltp)}  [{quote}]{sizes}"
        case ClockTick():
            return ""
        case FeedGap():
            return (
                f"blind from {clock_text(message.from_ns)} to {clock_text(message.to_ns)}: {message.reason}"
            )
        case Instrument():
            lot = f"lot {message.lot_size}, tick {to_indian(message.tick_size)}"
            terms = _named(expiry=message.expiry, strike=_price(message.strike), right=message.right)
            return f"{message.instrument}  {message.kind.value} on {message.underlying}, {lot}{terms}"
        case BrokerUpdate():
            return " ".join(f"{name}={value}" for name, value in message.payload.items())
    return f"{message.by}: {', '.join(message.instruments)}"


def _history(message: Bar | HistoryRequest | HistoryReply) -> str:
    match message:
        case Bar():
            prices = " ".join(
                to_indian(one) for one in (message.open, message.high, message.low, message.close)
            )
            how = f"{'  past' if message.past else ''}{'  torn' if message.torn else ''}"
            counts = _named(volume=message.volume, oi=message.oi)
            return f"{message.instrument}  {message.timeframe} from {clock_text(message.start_ns)}: {prices}{counts}{how}"
        case HistoryRequest():
            since = "" if message.from_ns is None else f" from {clock_text(message.from_ns)}"
            return f"{message.request_id} by {message.by}{since}{_named(count=message.count)}"
    why = "" if message.error is None else f": {message.error}"
    part = f"part {message.part} of {message.parts}"
    return f"{message.request_id}  {len(message.bars)} bars from {message.source or 'nobody'}, {part}{why}"


def _intent(message: PlaceOrder | PlaceBasket | ModifyOrder | CancelOrder | Signal) -> str:
    match message:
        case PlaceOrder():
            prices = _prices(message.limit_price, message.trigger_price)
            parent = _named(parent=message.parent_id)
            return f"{message.order_id}  {message.side.value} {message.qty} {message.instrument} {message.kind.value}{prices}{parent}"
        case PlaceBasket():
            legs = "; ".join(_intent(leg) for leg in message.legs)
            return f"{message.basket_id}  or else {message.on_failure.value}: {legs}"
        case ModifyOrder():
            return f"{message.order_id}{_named(qty=message.qty)}{_prices(message.limit_price, message.trigger_price)}"
        case CancelOrder():
            return message.order_id
    side = f"{message.side.value} " if message.side else ""
    would = f"  (dry run: {_intent(message.would_place)})" if message.would_place else ""
    return f"{message.strategy}  {side}{message.instrument or ''}: {message.reason}{would}"


def _execution(
    message: OrderAccepted | OrderRejected | OrderTriggered | OrderModified | OrderCancelled | Fill,
) -> str:
    order = f"{message.order_id}  {message.instrument}"
    match message:
        case Fill():
            charges = f", charges {to_indian(message.charges)}" if message.charges else ""
            trade = f"{message.side.value} {message.qty} at {to_indian(message.price)}{charges}"
            return f"{order}  {trade}"
        case OrderRejected():
            return f"{order}  {message.reason.value}: {message.detail}"
        case OrderTriggered():
            return f"{order}  at {to_indian(message.ltp)}"
        case OrderModified():
            return f"{order}  qty {message.qty}{_prices(message.limit_price, message.trigger_price)}"
        case OrderCancelled():
            return f"{order}  {message.unfilled} unfilled: {message.reason}"
    return order


def _account(message: Account | MarginRequest | MarginReply) -> str:
    match message:
        case Account():
            money = f"cash {to_indian(message.cash)}, blocked {to_indian(message.blocked)}"
            lost = f", open losses {to_indian(message.open_losses)}" if message.open_losses else ""
            return f"{money}{lost}, available {to_indian(message.available)}"
        case MarginRequest():
            legs = ", ".join(f"{leg.qty} {leg.instrument}" for leg in message.legs)
            return f"{message.request_id} by {message.by}: {legs}"
    if message.error is not None:
        return f"{message.request_id}  {message.error}"
    blocked = f"span {to_indian(message.span)}, exposure {to_indian(message.exposure)}"
    return f"{message.request_id}  {blocked}"


def _pnl(message: PositionPnl | StrategyPnl | DeskPnl) -> str:
    parts = f"realised {to_indian(message.realised)}, unrealised {to_indian(message.unrealised)}"
    if isinstance(message, PositionPnl):
        who = f"{message.strategy}  {message.instrument}  {message.qty} marked {to_indian(message.ltp)}"
        return f"{who}: {parts}"
    who = message.strategy if isinstance(message, StrategyPnl) else "desk"
    roi = "" if message.roi is None else f", roi {message.roi:.2f} %"
    return f"{who}  net {to_indian(message.net)}: {parts}, charges {to_indian(message.charges)}{roi}"


def _desk(message: Start | Stop | SquareOff | Halt | Resume | ResetRisk | ChangeRules | Alert) -> str:
    match message:
        case Alert():
            return f"{message.level.value} {message.code} from {message.source}: {message.text}"
        case Halt():
            flat = ", and flatten" if message.flatten else ""
            return f"by {message.by}: {message.reason}{flat}"
        case ChangeRules():
            rules = ", ".join(f"{name}={value}" for name, value in message.rules.items())
            return f"{message.strategy}, by {message.by}: {rules}"
        case ResetRisk():
            return f"{message.strategy or 'the desk'}, by {message.by}: {message.reason}"
        case Resume():
            return f"by {message.by}"
    return f"{message.strategy or 'every strategy'}, by {message.by}"


def _work(message: DeadLetter | LetterSettled | Requeued | Commit | Opened | Audited) -> str:
    match message:
        case DeadLetter():
            return f"{message.stream} {message.entry_id}, parked by {message.unit}: {message.reason}"
        case LetterSettled():
            why = f": {message.reason}" if message.reason else ""
            return f"{message.letter_id} {message.settlement.value} by {message.by}{why}"
        case Requeued():
            return f"{message.stream} {message.entry_id} for {message.unit}, by {message.by}"
        case Audited():
            target = f" {message.target}" if message.target else ""
            scope = "" if message.scope is None else f" ({message.scope.value})"
            who = f"{message.who or 'nobody known'}{scope} from {message.address}"
            return f"{message.action}{target}  by {who}: {message.outcome}"
        case Opened():
            built = "".join(
                f"  {name}={value}" for name, value in {**message.settings, **message.rules}.items()
            )
            return f"{message.unit} (epoch {message.epoch})  taken by version {message.version}{built}"
    moved = ", ".join(f"{stream} to {at}" for stream, at in message.after.items())
    return f"{message.unit} (epoch {message.epoch})  {moved or 'no input'}; outputs {message.outputs}"


def _at(price: Paise | None) -> str:
    return "-" if price is None else to_indian(price)


def _price(price: Paise | None) -> str | None:
    return None if price is None else to_indian(price)


def _prices(limit: Paise | None, trigger: Paise | None) -> str:
    return _named(limit=_price(limit), trigger=_price(trigger))


def _named(**facts: object) -> str:
    """Print the facts that are there, each with its name."""
    shown = {name: getattr(fact, "value", fact) for name, fact in facts.items() if fact is not None}
    return "".join(f"  {name} {fact}" for name, fact in shown.items())
