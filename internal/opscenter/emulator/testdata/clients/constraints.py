"""Tries every constraint of every input shape of the service model, just inside and just outside.

The model is read by botocore: its loader and its shapes say which constraints there are and what they hold, and its
ParamValidator has to agree about what it looks at (required members, types, minima). Lengths, patterns and enums are
judged here, from what botocore's shapes carry; a pattern has to match the whole value. Of the emulator under test only
the words of its refusals are known here.

    AWS_ENDPOINT_URL_SSM=URL python constraints.py MODEL

What was found and tried goes to standard error for people, the figures to standard output as JSON.
"""

import collections
import dataclasses
import functools
import json
import os
import re
import sys
import unicodedata

from botocore.loaders import JSONFileLoader, Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from wire import Wire

ABSENT = object()  # stands for a member that is left out
ELEMENT, KEY, VALUE = "[]", "{key}", "{value}"  # steps into lists and maps; other steps are members of structures
NOT_NULL = "Member must not be null"
KNOWN = {"required", "min", "max", "pattern", "enum"}  # the constraints that a shape can carry
BESIDES = {"type", "members", "member", "key", "value", "box", "sensitive", "documentation"}  # what constrains nothing more


@dataclasses.dataclass(frozen=True)
class Constraint:
    operation: str
    path: tuple  # steps from the input shape to the value
    kind: str
    bound: object


def phrase(kind, held):
    """What a refusal says of a broken constraint."""
    return {
        "required": NOT_NULL,
        "not null": NOT_NULL,
        "min length": f"Member must have length greater than or equal to {held.get('min')}",
        "max length": f"Member must have length less than or equal to {held.get('max')}",
        "min size": f"Member must have length greater than or equal to {held.get('min')}",
        "max size": f"Member must have length less than or equal to {held.get('max')}",
        "min": f"Member must have value greater than or equal to {held.get('min')}",
        "max": f"Member must have value less than or equal to {held.get('max')}",
        "pattern": f"Member must satisfy regular expression pattern: {held.get('pattern')}",
        "enum": f"Member must satisfy enum value set: [{', '.join(held.get('enum', []))}]",
    }[kind]


# --- what there is to try


def sites(shape, path=(), around=()):
    """Every place in an input that a value can stand, with its shape. A shape that contains itself is entered once more."""
    yield path, shape
    if around.count(shape.name) > 1:
        return
    around += (shape.name,)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from sites(member, path + (name,), around)
    elif shape.type_name == "list":
        yield from sites(shape.member, path + (ELEMENT,), around)
    elif shape.type_name == "map":
        yield from sites(shape.key, path + (KEY,), around)
        yield from sites(shape.value, path + (VALUE,), around)


def constraints(operation, shape, path):
    """Every constraint on the value at one site."""
    held = shape.metadata
    make = functools.partial(Constraint, operation)
    if path[-1:] != (KEY,):  # a key of a JSON object is a string whatever one does
        yield make(path, "type", shape.type_name)
    if path[-1:] in ((ELEMENT,), (VALUE,)):
        yield make(path, "not null", None)
    for name in held.get("required", []):
        yield make(path + (name,), "required", None)
    noun = {"string": " length", "list": " size", "map": " size", "integer": ""}.get(shape.type_name)
    for bound in ("min", "max"):
        if bound in held:
            yield make(path, bound + noun, held[bound])
    for kind in ("pattern", "enum"):
        if kind in held:
            yield make(path, kind, tuple(held[kind]) if kind == "enum" else held[kind])


# --- what botocore's reading of a shape says of a value


@functools.cache
def characters(letter):
    """The members of a Unicode category, as ranges for a character class; Python's re has no word for it."""
    out, start, last = [], None, None
    for i in range(sys.maxunicode + 1):
        if unicodedata.category(chr(i))[0] == letter:
            start, last = (i if start is None else start), i
        elif start is not None:
            out.append(f"\\U{start:08x}-\\U{last:08x}")
            start = None
    return "".join(out)


@functools.cache
def expression(pattern):
    return re.compile(re.sub(r"\\p\{([A-Z])\}", lambda m: characters(m[1]), pattern))


def violations(shape, value):
    """The kinds of constraint that a value of the right type breaks itself, without what is in it."""
    held, out = shape.metadata, []
    if shape.type_name == "integer":
        size, noun = value, ""
    elif shape.type_name == "string":
        size, noun = len(value), " length"
        if "enum" in held and value not in held["enum"]:
            out.append("enum")
        if "pattern" in held and not expression(held["pattern"]).fullmatch(value):
            out.append("pattern")
    elif shape.type_name in ("list", "map"):
        size, noun = len(value), " size"
    else:
        return out
    if size < held.get("min", size):
        out.append("min" + noun)
    if size > held.get("max", size):
        out.append("max" + noun)
    return out


# --- values


SAMPLES = ("x", "oi-0123456789ab", "111122223333", "count", "AWS:OpsItem", "arn:aws:ssm:us-east-1:111122223333:opsitem/oi-0123456789ab")


def text(shape, length):
    """A string of a length that breaks nothing else, or as little as can be."""
    tries = []
    for sample in SAMPLES:
        tries += [sample[:length] + fill * (length - len(sample)) for fill in "x0"]
    return min(tries, key=lambda v: len(violations(shape, v)))


def minimal(shape, number=0):
    """A value that keeps every constraint, with required members only. Numbers make keys of maps differ."""
    kind, held = shape.type_name, shape.metadata
    if kind == "structure":
        return {name: minimal(shape.members[name]) for name in held.get("required", [])}
    if kind == "list":
        return [minimal(shape.member) for _ in range(max(1, held.get("min", 1)))]
    if kind == "map":
        return {minimal(shape.key): minimal(shape.value)}
    if kind == "integer":
        return held.get("min", 1)
    if kind == "timestamp":
        return 1558386334.995
    if "enum" in held:
        return held["enum"][0]
    good = [v for v in (*SAMPLES, "x" * held.get("min", 1)) if not violations(shape, v)]
    return good[0] + (f"{number}" if number else "")


def place(shape, path, value):
    """A minimal input with the value at a path."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if shape.type_name == "structure":
        out = minimal(shape)
        out[step] = place(shape.members[step], rest, value)
        if out[step] is ABSENT:
            del out[step]
        return out
    if step == ELEMENT:
        return [place(shape.member, rest, value)]
    if step == KEY:
        return {value: minimal(shape.value)}
    return {minimal(shape.key): place(shape.value, rest, value)}


def named(shape, path):
    """A path as refusals name it."""
    out = []
    for step in path:
        if step == ELEMENT:
            out += ["1", "member"]
            shape = shape.member
        elif step == VALUE:
            out += [minimal(shape.key), "member"]
            shape = shape.value
        elif step == KEY:
            shape = shape.key  # a key is named by its map
        else:
            out.append(step[0].lower() + step[1:])
            shape = shape.members[step]
    return ".".join(out)


WRONG = ({}, [], "x", 7, 7.5, True)


def edits(value):
    """Values one step away from a string."""
    yield from (value, "", " ", "\t\n", value + "\n", " " + value, value + " ", value + "x", value + "\U0001f642", value[:-1], value[1:])
    for i in range(min(len(value), 20)):
        for c in "gG0-é":
            yield value[:i] + c + value[i + 1 :]


def probes(constraint, shape):
    """Values around a constraint of the value that has the shape."""
    kind, bound = constraint.kind, constraint.bound
    if kind == "type":
        yield minimal(shape)
        yield from (v for v in WRONG if v != {} or shape.type_name != "structure")  # empty, that one lacks members
    elif kind in ("required", "not null"):
        yield from (minimal(shape), None)
        if kind == "required":
            yield ABSENT
    elif kind in ("min", "max"):
        yield from (bound - 1, bound, bound + 1)
    elif kind.endswith(" length"):
        for length in (bound - 1, bound, bound + 1):
            if length >= 0:
                yield text(shape, length)
        for wide in "ä\U0001f642":
            if "pattern" not in shape.metadata or not violations(shape, wide * bound):
                yield from (wide * bound, wide * (bound + 1))
    elif kind.endswith(" size"):
        for size in (bound - 1, bound, bound + 1):
            if shape.type_name == "list" and size >= 0:
                yield [minimal(shape.member) for _ in range(size)]
            elif size >= 0:
                yield {minimal(shape.key, n + 1): minimal(shape.value) for n in range(size)}
    elif kind == "pattern":
        inside, outside = [], []
        for value in dict.fromkeys(edits(minimal(shape))):
            (outside if "pattern" in violations(shape, value) else inside).append(value)
        by_the_rest = functools.partial(sorted, key=lambda v: len(violations(shape, v)))
        yield from by_the_rest(inside)[:8]
        yield from by_the_rest(outside)[:8]
    elif kind == "enum":
        yield from bound
        for value in bound:
            yield from (value.swapcase(), value + "x")
        yield ""


# --- what the answer has to be


def expected(constraint, shape, value, botocore_report):
    """The kinds of constraint that a request with this value breaks: those of the value, or "type" alone."""
    if value is ABSENT or value is None:
        return {constraint.kind}
    if any(reason == "invalid type" for reason, _, _ in botocore_report):
        return {"type"}
    return set(violations(shape, value))


def judge(status, answer, at, key, phrases):
    """Says what is wrong with an answer to a request that breaks what the phrases say; None where nothing is."""
    code, message = answer.get("__type"), answer.get("message", "")
    counted = re.match(r"(\d+) validation errors? detected: ", message) if code == "ValidationException" else None
    if not phrases:  # whatever else it may be refused for
        return f"refused: {code} {message:.200}" if counted or code == "SerializationException" else None
    if status != 400 or not counted:
        return f"let through: {status} {code} {message:.200}"
    if int(counted[1]) != (1 if key else len(phrases)):
        return f"wanted {phrases}: {message:.200}"
    said = f"at '{at}' failed to satisfy constraint: " + ("Map keys must satisfy constraint: [" if key else "")
    for p in phrases:
        if said not in message or (p not in message.partition(said)[2] if key else said + p not in message):
            return f"does not say {said + p!r}: {message:.200}"
    return None


BOTOCORE_SEES = {"type", "required", "not null", "min", "min length", "min size"}  # and no maxima, patterns or enums


def differences(copy):
    """Where the copied model and the one that botocore ships differ in what they constrain."""
    shipped = Loader().load_service_model("ssm", "service-2")
    pages = Loader().load_service_model("ssm", "paginators-1")["pagination"]

    def bare(v):
        if isinstance(v, dict):
            return {k: bare(e) for k, e in v.items() if not k.startswith("documentation")}
        return [bare(e) for e in v] if isinstance(v, list) else v

    for part in ("operations", "shapes"):
        for name, v in copy[part].items():
            if bare(v) != (other := bare(shipped[part].get(name))):
                yield f"{part} {name}: copied {bare(v)}, shipped {other}"
    for name in copy["operations"]:
        if copy["pagination"].get(name) != pages.get(name):
            yield f"pagination {name}: copied {copy['pagination'].get(name)}, shipped {pages.get(name)}"


def main(path):
    copy = JSONFileLoader().load_file(path.removesuffix(".json"))
    model, wire = ServiceModel(copy, "ssm"), Wire(os.environ["AWS_ENDPOINT_URL_SSM"])
    validator = ParamValidator()
    found, tried, loose = collections.Counter(), collections.Counter(), collections.Counter()
    shapes, wrong, requests = set(), [], collections.Counter()
    for operation in model.operation_names:
        root = model.operation_model(operation).input_shape
        for site, shape in sites(root):
            if strange := set(copy["shapes"][shape.name]) - KNOWN - BESIDES:
                raise SystemExit(f"{shape.name}: nothing is known here of {strange}")
            for c in constraints(operation, shape, site):
                found[c.kind] += 1
                target = shape.members[c.path[-1]] if c.kind == "required" else shape
                shapes.add((shape.name, c.kind, c.path[-1] if c.kind == "required" else ""))
                inside = outside = 0
                for value in probes(c, target):
                    body = place(root, c.path, value)
                    try:
                        report = validator.validate(body, root)._errors
                    except TypeError:
                        raise SystemExit(f"botocore cannot look at {c}: {body}") from None
                    if value is True and not report:
                        continue  # to Python a truth value is a number; JSON keeps them apart
                    broken = expected(c, target, value, report)
                    if bool(report) != bool(broken & BOTOCORE_SEES):
                        wrong.append(f"{c}: {value!r:.80}: botocore says {report}, this reader {broken}")
                    status, answer = wire.call(operation, body)
                    requests[operation] += 1
                    if broken == {"type"}:
                        complaint = None if (status, answer.get("__type")) == (400, "SerializationException") else f"{status} {answer}"
                    else:
                        phrases = [phrase(kind, target.metadata) for kind in broken]
                        complaint = judge(status, answer, named(root, c.path), c.path[-1:] == (KEY,), phrases)
                    if complaint:
                        wrong.append(f"{operation} {'.'.join(c.path)} {c.kind} {c.bound!r:.60} with {value!r:.60}: {complaint}")
                    if c.kind in broken:
                        outside += 1
                    else:
                        inside += 1
                if c.kind.startswith("min") and c.bound == 0:
                    loose[c.kind] += 1  # nothing is shorter than nothing
                elif not outside:
                    wrong.append(f"{c}: nothing outside was tried")
                if not inside:
                    wrong.append(f"{c}: nothing inside was tried")
                tried[c.kind] += bool(inside and (outside or c.bound == 0))
    say = functools.partial(print, file=sys.stderr)
    say(f"{'constraint':<12}{'found':>7}{'tried':>7}")
    for kind in sorted(found):
        note = f"   {loose[kind]} of them are 0: nothing lies outside" if loose[kind] else ""
        say(f"{kind:<12}{found[kind]:>7}{tried[kind]:>7}{note}")
    say(f"{'in all':<12}{found.total():>7}{tried.total():>7}   {wire.requests} requests; "
        f"{len(shapes)} constraints of shapes, at each place where an operation takes them")
    apart = list(differences(copy))
    say(f"the copied model and the one that botocore ships differ in {len(apart)} places", *apart, sep="\n  ")
    json.dump({"found": found, "tried": tried, "requests": requests, "wrong": wrong}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
