"""Words under which people write a column: English, Spanish and some German, next to the column's own name.

Words are compared in a plain form, without case, accents and punctuation, so "Gasto máximo" is
"gasto maximo". Only the columns that a table declares are looked at, so that one word may stand for different
columns in different tables. What is read under another word is always said in a note.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["plain", "stands_for", "words_for"]

_AMOUNTS = frozenset(
    ["spend", "spending", "gasto", "gastos", "inversion", "presupuesto", "budget", "ausgaben", "level", "nivel", "coste", "costo", "cost"]
)
_LINKS = frozenset(["de", "del", "of", "the", "el", "la", "en", "in"])
_BOUNDS = frozenset(("current", "min", "max", "step"))

_WORDS: dict[str, str] = {
    "channel": "channels, marketing channel, media channel, medium, canal, canales, medio, medios, kanal",
    "segment": "segments, audience, segmento, segmentos, audiencia, publico, zielgruppe",
    "department": "departments, dept, departamento, departamentos, abteilung",
    "improvement": "improvements, measure, mejora, mejoras, medida, verbesserung, massnahme",
    "product": "products, item, sku, producto, productos, articulo, produkt, artikel",
    "project": "projects, proyecto, proyectos, projekt",
    "current": "today, now, actual, hoy, heute, aktuell, spend, spending, budget, gasto, inversion,"
    " presupuesto, ausgaben",
    "min": "minimum, least, lower bound, minimo, minima, limite inferior, mindestens, untergrenze",
    "max": "maximum, most, upper bound, maximo, maxima, limite superior, hochstens, obergrenze",
    "step": "step size, increment, paso, incremento, escalon, schritt, schrittweite",
    "fixed": "frozen, fijo, fija, bloqueado, fest, fixiert",
    "group": "grupo, gruppe",
    "min_if_used": "minimum if used, minimo si se usa, mindestens wenn genutzt",
    "cap": "limit, maximum, tope, limite, maximo, obergrenze",
    "other": "other channel, other segment, otro, otra, otro canal, otro segmento, andere, anderer",
    "strength": "synergy, fuerza, sinergia, intensidad, starke",
    "spend": "spending, cost, gasto, gastos, inversion, coste, costo, ausgaben, kosten, budget, presupuesto",
    "response": "revenue, sales, outcome, respuesta, ingresos, ventas, umsatz, wirkung, erlos",
    "value": "worth, benefit, revenue, valor, beneficio, ingresos, wert, nutzen",
    "level": "levels, nivel, niveles, stufe",
    "lo": "low, lower, lower end, inferior, limite inferior, unten",
    "hi": "high, upper, upper end, superior, limite superior, oben",
    "theta": "carry over, carryover, adstock",
    "alpha": "shape, forma, form",
    "K": "half saturation, media saturacion, halbsattigung",
    "size": "people, persons, reach, tamano, personas, alcance, grosse, reichweite, personen",
    "cost": "costs, unit cost, coste, costo, costes, costos, gasto, coste unitario, costo unitario, kosten",
    "saving": "savings, ahorro, ahorros, ersparnis, einsparung",
    "area": "areas, bereich",
    "staff": "headcount, personal, plantilla, mitarbeiter",
    "overlap": "shared, solapamiento, solape, interseccion, uberschneidung",
    "needs": "requires, depends on, necesita, requiere, depende de, braucht",
    "person": "user, customer, persona, usuario, cliente, kunde",
    "people": "persons, personas, gente, leute, personen",
    "price": "current price, unit price, precio, precio actual, pvp, preis",
    "min_margin": "minimum margin, least margin, margen minimo, mindestmarge",
    "tier": "gama, stufe",
    "family": "familia, familie",
    "quantity": "units, units sold, pieces, cantidad, unidades, menge, stuck",
    "period": "week, month, date, periodo, semana, mes, fecha, woche, monat, datum",
    "budget": "presupuesto, limit, limite",
    "duration": "length, duracion, dauer",
    "category": "categoria, kategorie",
    "earliest": "earliest start, inicio mas temprano, fruhestens",
    "latest": "latest start, inicio mas tardio, spatestens",
    "at_least": "minimum, min, al menos, minimo, mindestens",
    "at_most": "maximum, max, como maximo, maximo, hochstens",
    "min_share": "minimum share, cuota minima, participacion minima, mindestanteil",
    "slope": "pendiente, steigung",
    "elasticity": "elasticidad, elastizitat",
    "volume": "volumen, cantidad, menge",
    "utility": "utilidad, nutzen",
    "price_effect": "effect of price, efecto del precio, preiseffekt",
    "effect": "efecto, effekt",
    "service": "servicio",
    "need": "necesidad, bedarf",
    "delta": "difference, diferencia, differenz",
}
_FLAG_WORDS = {"current": "today, chosen today, actual, hoy, elegido hoy, activo, heute, aktuell"}


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return a label without case, accents and punctuation.

    Args:
        text: a label as it was written.

    Returns:
        Words of letters and digits with one space between them.

    Example:
        >>> plain("Gasto máximo"), plain("min_if_used")
        ('gasto maximo', 'min if used')
    """
    spread = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(mark for mark in spread if not unicodedata.combining(mark))
    return " ".join(re.findall(r"[^\W_]+", letters))


@lru_cache(maxsize=4096)
def words_for(name: str, *, flag: bool = False) -> frozenset[str]:
    """Return the plain forms that stand for a column, its own name among them.

    Args:
        name: the column's name.
        flag: whether the column holds yes or no.

    Returns:
        Plain words.

    Example:
        >>> "presupuesto" in words_for("current"), "presupuesto" in words_for("current", flag=True)
        (True, False)
    """
    listed = _FLAG_WORDS.get(name, _WORDS.get(name, "")) if flag else _WORDS.get(name, "")
    found = {plain(name), *(word.strip() for word in listed.split(",") if word.strip())}
    return frozenset(found)


def stands_for(label: str, name: str, *, flag: bool = False) -> bool:
    """Say whether a label stands for a column.

    The four bounds of a plan table may be written with what is bounded: "Min spend", "Gasto máximo".

    Args:
        label: a label without its unit.
        name: the column's name.
        flag: whether the column holds yes or no.

    Example:
        >>> stands_for("Gasto máximo", "max"), stands_for("Gasto máximo", "min")
        (True, False)
    """
    word, known = plain(label), words_for(name, flag=flag)
    if word in known:
        return True
    if name not in _BOUNDS or flag:
        return False
    rest = " ".join(part for part in word.split() if part not in _AMOUNTS | _LINKS)
    return bool(rest) and rest in known
