"""Reads the price lists, config/market/charges.yaml and brokerage.yaml, and says which file and key is wrong.

The exchange charges by them, and the contract note needs them for what it rounds to whole rupees.
"""

from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from sauda.charge_rules import BrokerageRules, ChargeRules, Plan
from sauda.errors import ConfigError

CHARGES: Final = "charges.yaml"
BROKERAGE: Final = "brokerage.yaml"
_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

M = TypeVar("M", bound=BaseModel)


class PriceLists(NamedTuple):
    """Both files, and the plan in use."""

    charges: ChargeRules
    plan: Plan


def load_price_lists(folder: Path, plan: str) -> PriceLists:
    """Read config/market/charges.yaml and the plan *plan* of brokerage.yaml.

    Raises:
        ConfigError: a file is missing or broken (one line for each problem, naming file and key), or has no such plan.
    """
    charges = load_charge_rules(folder)
    plans = _load(folder / BROKERAGE, BrokerageRules).plans
    if plan not in plans:
        raise ConfigError(f"{folder / BROKERAGE}: plans: no plan {plan!r}; there are {', '.join(plans)}")
    return PriceLists(charges, plans[plan])


def load_charge_rules(folder: Path) -> ChargeRules:
    """Read config/market/charges.yaml.

    Raises:
        ConfigError: it is missing or broken; one line for each problem, naming file and key.
    """
    return _load(folder / CHARGES, ChargeRules)


def _load(path: Path, model: type[M]) -> M:
    try:
        # The base loader keeps scalars as text: a rate must not pass through a float.
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
        return model.model_validate(document)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise ConfigError(
            "\n".join(_line(path, detail["loc"], detail["msg"]) for detail in error.errors())
        ) from error


def _line(path: Path, place: tuple[int | str, ...], message: str) -> str:
    key = "".join(f"{part}." for part in place if part != "[key]").rstrip(".")
    return f"{path}: {f'{key}: ' if key else ''}{message.removeprefix('Value error, ')}"
