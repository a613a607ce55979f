"""What may stand beside a price: codes of ISO 4217, and the signs that shops write for them."""

import re
from collections.abc import Mapping
from functools import cache

_CODES = """
AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ
GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP
LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB
PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW
"""
CODES = frozenset(_CODES.split())
SIGNS: Mapping[str, tuple[str, ...]] = {
    "$": ("USD", "AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "TWD", "ARS", "CLP", "COP"),
    "US$": ("USD",), "A$": ("AUD",), "AU$": ("AUD",), "C$": ("CAD",), "CA$": ("CAD",), "HK$": ("HKD",),
    "NZ$": ("NZD",), "S$": ("SGD",), "NT$": ("TWD",), "R$": ("BRL",), "€": ("EUR",), "£": ("GBP",),
    "¥": ("JPY", "CNY"), "\N{FULLWIDTH YEN SIGN}": ("JPY", "CNY"), "円": ("JPY",), "元": ("CNY",),
    "₹": ("INR",), "₩": ("KRW",), "₺": ("TRY",), "₽": ("RUB",), "₴": ("UAH",), "₪": ("ILS",), "₫": ("VND",),
    "฿": ("THB",), "₱": ("PHP",), "zł": ("PLN",), "Kč": ("CZK",), "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("DKK",), "Fr.": ("CHF",), "Ft": ("HUF",), "lei": ("RON",), "лв.": ("BGN",),
}  # fmt: skip
"""Sign -> the codes that it may stand for."""


@cache
def currency_pattern(code: str) -> str:
    """A regular expression, for Python and for Arrow, of what may stand beside a price in this currency.

    For '', any code or sign.
    """
    signs = [sign for sign, codes in SIGNS.items() if not code or code in codes]
    known = [*([code] if code else CODES), *signs]
    return "|".join(re.escape(one) for one in sorted(known, key=lambda one: (-len(one), one)))
