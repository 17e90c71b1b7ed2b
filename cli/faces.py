"""`salient-crop faces`: pictures into a folder of face squares, and edited squares back into their pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..jobs.defaults import AUTO, BACKGROUND, THREADS
from .engines import add_engine, worker_device
from .options import (
    add_cropper,
    add_device,
    add_memory,
    add_workers,
    flag_of,
    open_cropper,
    parse_background,
    parse_factor,
    parse_fill,
    parse_number,
    parse_positive,
    parse_quality,
    parse_share,
)
from .progress import Reporter
from .status import DONE, SOME_FAILED, UsageError

if TYPE_CHECKING:
    from ..jobs.face_settings import FaceSettings
    from ..jobs.run import FolderRun, Outcome

FRAMINGS = (
    *("face", "whole face", "head", "half figure"),
    *("dfl:half_face", "dfl:midfull", "dfl:full", "dfl:whole_face", "dfl:head"),
    *("faceswap:legacy", "faceswap:face", "faceswap:head"),
)
SORTS = ("blur", "size", "yaw", "pitch", "roll", "certainty", "scale", "likeness")
FEATHER = 16


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes a square for every face in a folder of pictures, turned upright by the eyes, in one warp"
        " from the picture. Given the manifest of such a run, it frames, sorts or chooses its faces anew without"
        " looking for them again; or, with --paste-back, puts edited squares back into their pictures. Run again after"
        " a stop, it goes on where it was."
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "pictures",
        metavar="PICTURE|FOLDER|GLOB|MANIFEST",
        nargs="+",
        help="one folder, or pictures and patterns; never changed. Or manifest.jsonl of an earlier run of faces",
    )
    parser.add_argument("--out", metavar="OUT", type=Path, required=True, help="folder for the squares")
    _add_square(parser)
    _add_choice(parser)
    parser.add_argument(
        "--paste-back",
        metavar="FOLDER",
        type=Path,
        help="put the edited squares in FOLDER, named as the manifest has them, back into copies of their pictures in"
        " OUT",
    )
    parser.add_argument(
        "--feather",
        metavar="PIXELS",
        type=parse_feather,
        default=FEATHER,
        help=f"with --paste-back: how soft the seam is, in pixels of the picture (default {FEATHER})",
    )
    add_cropper(parser, "what finds the heads, see `salient-crop croppers`")
    parser.add_argument("--dry-run", action="store_true", help="write the manifest and no pixels")
    parser.add_argument("--manifest", metavar="FILE", type=Path, help="default OUT/manifest.jsonl")
    add_workers(parser)
    add_memory(parser)
    add_device(parser)
    parser.add_argument("--follow-links", action="store_true", help="also read what links lead to outside the folder")
    add_engine(parser, "pictures", "--paste-back is left to threads.")


def _add_square(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--framing",
        metavar="NAME",
        type=parse_framing,
        default="face",
        help=f"what the square holds: {', '.join(FRAMINGS)}; those of DeepFaceLab and faceswap have their padding and"
        " shift (default face)",
    )
    parser.add_argument(
        "--padding", metavar="SHARE", type=parse_number, default=0.0, help="added on each side, in sides of the square"
    )
    parser.add_argument(
        "--shift",
        metavar="SHARE",
        type=parse_number,
        default=0.0,
        help="moves the square down the face by so many of its sides; up is below 0",
    )
    parser.add_argument("--upright", action="store_true", help="do not turn squares with their faces")
    parser.add_argument("--size", metavar="N", type=parse_positive, default=512, help="pixels a side (default 512)")
    parser.add_argument(
        "--fill",
        metavar="FILL",
        type=parse_fill,
        help="of what lies outside the picture: a colour by name or #rrggbb, edge, blur or mirror (default:"
        " the background)",
    )
    parser.add_argument(
        "--background",
        metavar="COLOUR",
        type=parse_background,
        default=BACKGROUND,
        help="a name or #rrggbb (default white)",
    )
    parser.add_argument("--padding-masks", action="store_true", help="write masks of what lies outside the picture")
    parser.add_argument(
        "--format", choices=("jpg", "png", "webp"), help="of the squares (default jpg; png with --paste-back)"
    )
    parser.add_argument(
        "--quality", metavar="N", type=parse_quality, help="of a jpg or webp, 1 to 100 (default 95, 92)"
    )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--least-size",
        metavar="PIXELS",
        type=parse_number,
        default=0.0,
        help="leave out faces that are smaller in the picture, about from the brows to the chin",
    )
    parser.add_argument(
        "--most-enlarged", metavar="X", type=parse_factor, help="leave out faces whose square is enlarged more times"
    )
    parser.add_argument(
        "--most-blurred",
        metavar="SHARE",
        type=parse_share,
        default=1.0,
        help="leave out faces that are more blurred: 0 to 1, a sharp one has about 0.3",
    )
    parser.add_argument(
        "--least-certain",
        metavar="SHARE",
        type=parse_share,
        default=0.75,
        help="leave out what is less certainly a face (default 0.75)",
    )
    for name, words in (("yaw", "to a side"), ("pitch", "up or down"), ("roll", "in the picture")):
        parser.add_argument(
            f"--most-{name}", metavar="DEGREES", type=parse_factor, help=f"leave out faces turned more {words}"
        )
    parser.add_argument(
        "--sort",
        choices=SORTS,
        default="",
        help="put the place of each face before its name: the sharpest, largest, leftmost-looking, lowest-looking,"
        " leftmost-tilted, most certain, most detailed, or (with --same-as) most alike first",
    )
    parser.add_argument(
        "--same-as",
        metavar="SQUARE",
        action="append",
        default=[],
        help="of the faces of a MANIFEST, keep those of the person on this square, named as the manifest has it; may be"
        " given again for more squares of the person",
    )
    parser.add_argument(
        "--embeddings",
        metavar="FILE",
        type=Path,
        help='with --same-as: what a network of your own says of each square: lines {"file": "a_0.jpg", "embedding":'
        " [0.1, …]}, or safetensors with a vector for each name",
    )
    parser.add_argument(
        "--least-alike",
        metavar="COSINE",
        type=parse_number,
        default=0.6,
        help="with --same-as: leave out faces whose embeddings are less alike, -1 to 1 (default 0.6)",
    )
    parser.add_argument(
        "--spread", metavar="N", type=parse_positive, help="keep the N faces that cover yaw and pitch best"
    )


def parse_feather(text: str) -> int:
    """A whole number of pixels, 0 or more.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    return 0 if text.strip() == "0" else parse_positive(text)


def parse_framing(text: str) -> str:
    """A framing by its name, with spaces, hyphens or underscores between words.

    Raises:
        argparse.ArgumentTypeError: when it is none.
    """
    plain = {each.replace("_", " "): each for each in FRAMINGS}
    found = plain.get(text.strip().lower().replace("_", " ").replace("-", " "))
    if found is None:
        from ..cropping.checks import show

        raise argparse.ArgumentTypeError(f"{show(text)} is no framing; use one of {', '.join(FRAMINGS)}")
    return found


def run(chosen: argparse.Namespace, reporter: Reporter) -> int:
    from ..images.errors import PictureError
    from ..jobs.run import RunError

    try:
        run, outcome = (_paste_back if chosen.paste_back else _extract)(chosen, reporter)
    except RunError as error:
        raise UsageError(str(error)) from error
    except ValueError as error:
        name, colon, rest = str(error).partition(": ")
        raise UsageError(f"{flag_of(name)}: {rest}" if colon and name in vars(chosen) else str(error)) from error
    except (OSError, PictureError) as error:
        reporter.note(f"salient-crop: stopped: {error}; the same command goes on from here")
        return SOME_FAILED
    for note in outcome.notes:
        reporter.note(note)
    reporter.result(_summary(run, outcome, bool(chosen.paste_back)))
    return SOME_FAILED if outcome.failed else DONE


def _extract(chosen: argparse.Namespace, reporter: Reporter) -> tuple[FolderRun, Outcome]:
    from ..jobs.executors.batches import Analyser
    from ..jobs.face_folder import extract_faces
    from ..jobs.picture_engine import open_picture_engine
    from ..jobs.prepare_faces import find_earlier, prepare_face_run, prepare_person
    from ..models.landmarks.loading import load_bundled_finder
    from .crop import record_progress

    device, here = worker_device(chosen)
    cropper = open_cropper(chosen.cropper, here, chosen.runtime, chosen.precision)
    finder = load_bundled_finder()
    person = prepare_person(chosen.pictures, chosen.same_as, chosen.embeddings)
    run = prepare_face_run(
        chosen.pictures,
        chosen.out,
        cropper,
        _face_settings(chosen, finder.digest, "" if person is None else person.embeddings.digest),
        checkpoint=chosen.cropper,
        device=device,
        format=chosen.format or "jpg",
        quality=chosen.quality,
        background=chosen.background,
        fill=chosen.fill,
        follow_links=chosen.follow_links,
        dry_run=chosen.dry_run,
        manifest=chosen.manifest,
        workers=chosen.workers,
        memory=chosen.memory,
    )
    earlier = find_earlier(chosen.pictures, person)
    asked = chosen.engine, chosen.address, chosen.gpus_per_worker, chosen.workers
    with Analyser(cropper, here) as analyser, open_picture_engine(run, analyser, *asked, finder) as engine:
        return run, extract_faces(run, engine, record_progress(reporter), earlier)


def _face_settings(chosen: argparse.Namespace, finder: str, embeddings: str) -> FaceSettings:
    from ..cropping.face_framing import FaceFraming
    from ..jobs.face_settings import FaceSettings

    limits = ("least_size", "most_enlarged", "most_blurred", "least_certain", "least_alike")
    turned = ("most_yaw", "most_pitch", "most_roll")
    return FaceSettings(
        finder,
        FaceFraming(chosen.framing, chosen.padding, chosen.shift, chosen.upright),
        same_as=tuple(chosen.same_as),
        embeddings=embeddings,
        **{name: getattr(chosen, name) for name in ("size", *limits, *turned, "sort", "spread", "padding_masks")},
    )


def _paste_back(chosen: argparse.Namespace, reporter: Reporter) -> tuple[FolderRun, Outcome]:
    from ..jobs.face_paste import paste_faces, prepare_paste
    from .crop import record_progress

    if chosen.engine not in (AUTO, THREADS):
        raise UsageError(f"--engine {chosen.engine} finds faces; --paste-back is left to threads")
    run, faces = prepare_paste(
        chosen.pictures,
        chosen.paste_back,
        chosen.out,
        format=chosen.format or "png",
        quality=chosen.quality,
        feather=chosen.feather,
        follow_links=chosen.follow_links,
        new_manifest=chosen.manifest,
        workers=chosen.workers,
        memory=chosen.memory,
    )
    return run, paste_faces(run, faces, record_progress(reporter))


def _summary(run: FolderRun, outcome: Outcome, pasted: bool) -> str:
    """One line: what was done, and where it is."""
    where = (
        f"in {run.output}, manifest {run.manifest}" if run.output else f"planned in {run.manifest}, no pixels written"
    )
    done = outcome.pictures - outcome.failed - outcome.dropped
    what = f"with their squares pasted back, {where}" if pasted else f"{outcome.crops} face squares {where}"
    parts = [f"{done} of {outcome.pictures} pictures{' ' if pasted else ', '}{what}"]
    if outcome.resumed:
        parts.append(f"{outcome.resumed} had been done before")
    if outcome.dropped:
        parts.append(f"{outcome.dropped} without {'an edited square' if pasted else 'a face that was kept'}")
    if outcome.failed:
        parts.append(f"{outcome.failed} failed")
    return "; ".join(parts)
