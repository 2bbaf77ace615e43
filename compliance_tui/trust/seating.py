"""Who is counted for which role of a rule: k persons for each, and no person twice where the rule wants distinct ones."""

from collections.abc import Sequence

from compliance_tui.trust.policy_model import Person, Rule


def seated(rule: Rule, people: Sequence[Person]) -> dict[str, tuple[str, ...]] | None:
    """Who counts for which role of ``rule``; None where the people do not satisfy it."""
    if rule.distinct_persons:
        return _seat([need.role for need in rule.require for _ in range(need.k)], people)
    by_role = {need.role: tuple(person.id for person in people if need.role in person.roles) for need in rule.require}
    return by_role if all(len(by_role[need.role]) >= need.k for need in rule.require) else None


def _seat(seats: Sequence[str], people: Sequence[Person]) -> dict[str, tuple[str, ...]] | None:
    """Each seat with a person of its own (augmenting paths), gathered by role; None where that is not possible."""
    taken: dict[str, int] = {}

    def place(seat: int, tried: set[str]) -> bool:
        for person in people:
            if seats[seat] in person.roles and person.id not in tried:
                tried.add(person.id)
                if person.id not in taken or place(taken[person.id], tried):
                    taken[person.id] = seat
                    return True
        return False

    if not all(place(seat, set()) for seat in range(len(seats))):
        return None
    by_role: dict[str, tuple[str, ...]] = dict.fromkeys(seats, ())
    for person_id, seat in sorted(taken.items()):
        by_role[seats[seat]] += (person_id,)
    return by_role
