"""Draws the figures of docs/ as SVG: python3 docs/images/make_figures.py [folder]

Without a folder it writes beside itself. With --check it writes nothing and fails if a figure differs from what it would write.
The rooms and their arrows are those of tests/static/include_arrows.py. Every colour is readable on light and on dark ground."""

import ast
import pathlib
import sys
from html import escape

HERE = pathlib.Path(__file__).resolve().parent

INK = "#1f2328"  # on boxes, which have grounds of their own
GREY = "#7b7b7b"  # lines and text outside of boxes
COLOURS = {"blue": "#a9cdf5", "green": "#aadfb0", "orange": "#f8cf9a", "red": "#f5b5b0", "violet": "#d3bff2", "plain": "#d9dde2"}
LINES = {"grey": GREY, "blue": "#3b82d6", "green": "#3a9a4a", "orange": "#c9791b", "red": "#d1493f", "violet": "#8a63d2"}


class Figure:
    def __init__(self, width, height, title):
        self.width, self.height, self.title, self.parts = width, height, title, []

    def box(self, x, y, w, h, *lines, colour="plain", small=(), dashed=False, size=13):
        """A box with lines of text in its middle; those in `small` follow in small letters."""
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        fill = "none" if dashed else COLOURS[colour]
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="4" fill="{fill}" stroke="{GREY}"{dash}/>')
        heights = [size + 3] * len(lines) + [14] * len(small)
        at = y + (h - sum(heights)) / 2
        for text, height in zip([*lines, *small], heights):
            at += height
            big = height != 14 or not small
            self.text(x + w / 2, at - 4, text, colour=GREY if dashed else INK, size=size if big else 11, anchor="middle")

    def text(self, x, y, text, colour=GREY, size=12, anchor="start", bold=False):
        weight = ' font-weight="bold"' if bold else ""
        place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
        self.parts.append(f'<text {place} font-size="{size}" fill="{colour}"{weight}>{escape(text)}</text>')

    def line(self, *points, colour="grey", arrow=True, dashed=False, width=1.5):
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        head = f' marker-end="url(#{colour})"' if arrow else ""
        stroke = f'stroke="{LINES[colour]}" stroke-width="{width:g}"{dash}'
        self.parts.append(f'<polyline points="{path}" fill="none" {stroke}{head}/>')

    def circle(self, x, y, r, text="", colour="plain"):
        self.parts.append(f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="{COLOURS[colour]}" stroke="{GREY}"/>')
        if text:
            self.text(x, y + 5, text, colour=INK, size=14, anchor="middle")

    def svg(self):
        markers = "".join(
            f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0.5 L8,4 L0,7.5 z" fill="{colour}"/></marker>'
            for name, colour in LINES.items()
        )
        body = "\n".join(self.parts)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" font-family="sans-serif">\n<title>{escape(self.title)}</title>\n'
            f"<defs>{markers}</defs>\n{body}\n</svg>\n"
        )


def arrows():
    """The rooms below each room, as the test of the arrows has them."""
    source = (HERE.parents[1] / "tests/static/include_arrows.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "BELOW":
            return ast.literal_eval(node.value)
    raise ValueError("include_arrows.py has no BELOW")


def rooms():
    figure = Figure(780, 400, "The rooms of the library and what each may include")
    place = {  # x, y, width, what is in it, colour
        "testing": (20, 20, 130, "gradient checks", "plain"),
        "mpi": (20, 282, 130, "processes", "blue"),
        "io": (185, 20, 110, "models in files", "plain"),
        "tasks": (325, 20, 130, "work with codes", "plain"),
        "training": (500, 20, 160, "trainer, step, team", "violet"),
        "models": (185, 115, 270, "networks with parameters, mirrors, samples", "violet"),
        "engine": (20, 210, 130, "runs layers, terms", "orange"),
        "layers": (185, 210, 125, "a struct each", "green"),
        "losses": (330, 210, 125, "and penalties", "green"),
        "optimizers": (525, 210, 110, "update rules", "green"),
        "data": (655, 210, 105, "sets, readers", "green"),
        "files": (655, 282, 105, "formats, bytes", "blue"),
        "kernels": (185, 290, 305, "products, convolutions, elementary functions", "blue"),
        "core": (20, 350, 740, "shapes, errors, random numbers, and the contract of layers, terms and optimizers", "blue"),
    }
    paths = {  # the points that each arrow goes through
        ("training", "models"): ((500, 43), (455, 125)),
        ("training", "kernels"): ((520, 66), (472, 140), (472, 290)),
        ("training", "data"): ((640, 66), (700, 210)),
        ("models", "engine"): ((205, 161), (120, 210)),
        ("testing", "engine"): ((85, 66), (85, 210)),
        ("training", "optimizers"): ((580, 66), (580, 210)),
        ("io", "models"): ((240, 66), (240, 115)),
        ("tasks", "models"): ((390, 66), (390, 115)),
        ("tasks", "data"): ((440, 66), (440, 78), (722, 78), (722, 210)),
        ("models", "layers"): ((248, 161), (248, 210)),
        ("models", "losses"): ((392, 161), (392, 210)),
        ("layers", "kernels"): ((248, 256), (248, 290)),
        ("losses", "kernels"): ((392, 256), (392, 290)),
        ("engine", "core"): ((150, 240), (167, 240), (167, 350)),
        ("mpi", "core"): ((85, 328), (85, 350)),
        ("optimizers", "kernels"): ((560, 256), (560, 310), (490, 310)),
        ("data", "files"): ((707, 256), (707, 282)),
        ("files", "core"): ((707, 328), (707, 350)),
        ("training", "files"): ((645, 66), (645, 300), (655, 300)),
        ("io", "files"): ((285, 66), (285, 90), (645, 90), (645, 300), (655, 300)),
        ("kernels", "core"): ((320, 330), (320, 350)),
    }
    paths[("training", "kernels")] = ((505, 66), (472, 130), (472, 290))
    table = arrows()
    drawn, there = set(paths), {(room, other) for room, below in table.items() for other in below}
    if drawn != there or place.keys() != table.keys():
        raise SystemExit(f"rooms() draws other arrows or rooms than there are: {drawn ^ there or place.keys() ^ table.keys()}")
    for ends in paths.values():
        figure.line(*ends)
    for room in table:
        x, y, width, what, colour = place[room]
        height = 40 if room in ("kernels", "core") else 46
        figure.box(x, y, width, height, room, colour=colour, small=[what])
    return figure


def lane():
    """The sizes are those of Program and InferencePlan for this network, at one sample."""
    figure = Figure(780, 470, "The memory of a shard: activations, caches, two deltas and scratch")
    network = "Conv2D<4, 3> on image(8, 8), ReLU, MaxPool2D<2>, Dense<6> | Dense<64>, Sigmoid, mean squared error"
    figure.text(20, 24, network, size=11, bold=True)
    figure.text(20, 58, "activations: each is where the next layer reads it and backward finds it again")
    spans = [(20, 100, "a0", "64", "plain"), (150, 190, "a1", "256", "blue"), (370, 90, "a3", "64", "green"),
             (490, 70, "a4: code", "6", "orange"), (590, 150, "a5 = a6", "64", "violet")]
    for x, w, name, size, colour in spans:
        figure.box(x, 72, w, 44, name, colour=colour, small=[size + " scalars"])
    for (x, w, *_), (x2, *_) in zip(spans, spans[1:]):
        figure.line((x + w, 94), (x2, 94))
    figure.text(70, 134, "in the data set", size=11, anchor="middle")
    figure.text(245, 134, "a2 does not exist: the pool runs first", size=11, anchor="middle")
    figure.text(245, 148, "and applies the ReLU (taken over)", size=11, anchor="middle")
    figure.text(665, 134, "Sigmoid runs in the product’s", size=11, anchor="middle")
    figure.text(665, 148, "store (applied), in place", size=11, anchor="middle")

    figure.text(20, 184, "a lane: one piece of memory, so many scalars for each sample of a shard; a worker has one lane")
    parts = [("a1", 256, "blue", 150), ("a3", 64, "green", 66), ("a4", 6, "orange", 40), ("a5", 64, "violet", 66),
             ("cache", 64, "plain", 78), ("delta 0", 256, "red", 116), ("delta 1", 256, "red", 116),
             ("scratch", 1836, "plain", 88)]
    x = 20
    for name, size, colour, w in parts:
        figure.box(x, 198, w, 44, name, colour=colour, small=[str(size)])
        x += w
    figure.text(376, 260, "the pool’s choices", size=11, anchor="middle")
    figure.text(536, 260, "as wide as the widest output", size=11, anchor="middle")
    figure.text(696, 260, "once a lane", size=11, anchor="middle")

    figure.text(20, 296, "backward: dy and dx alternate between the deltas")
    steps = [("loss", 20), ("Sigmoid", 130), ("Dense", 250), ("Dense", 370), ("MaxPool2D", 490), ("Conv2D", 640)]
    for name, x in steps:
        figure.box(x, 310, 90, 30, name)
    figure.line((110, 325), (130, 325), colour="red")
    for (_, a), (_, b) in zip(steps[1:], steps[2:]):
        figure.line((a + 90, 325), (b, 325), colour="red")
    labels = [(120, "0"), (235, "0"), (355, "1"), (475, "0"), (610, "1")]
    for x, which in labels:
        figure.text(x, 356, f"delta {which}", size=11, anchor="middle")
    figure.text(685, 356, "no dx is needed", size=11, anchor="middle")

    figure.text(20, 394, "a prediction: no lane but a workspace, whose two buffers alternate; nothing is kept")
    buffers = [("x", "plain", 20), ("a1", "blue", 150), ("a3", "green", 280), ("a4", "blue", 410), ("y", "plain", 540)]
    where = ["the caller’s", "buffer 1", "buffer 0", "buffer 1", "the caller’s"]
    for (name, colour, x), place in zip(buffers, where):
        figure.box(x, 408, 90, 44, name, colour=colour, small=[place])
    for (_, _, x), (_, _, x2) in zip(buffers, buffers[1:]):
        figure.line((x + 90, 430), (x2, 430))
    figure.text(645, 420, "scalars a sample:", size=11)
    figure.text(645, 436, "buffer 0: 64", size=11)
    figure.text(645, 452, "buffer 1: 256", size=11)
    return figure


def step():
    figure = Figure(780, 440, "The phases of a training step, with independent and with coupled samples")

    def row(y, worker, works):
        figure.text(20, y + 21, worker)
        for x, w, name, colour in works:
            figure.box(x, y, w, 32, name, colour=colour, size=11)

    def wait(x, y):
        figure.line((x, y), (x, y + 82), arrow=False, dashed=True)

    def end(y, last):
        figure.box(560, y, 58, 32, "reduce", colour="violet", size=11)
        figure.box(618, y, 74, 32, "exchange", dashed=True, size=11)
        figure.box(692, y, 68, 32, last, colour="violet", size=11)

    figure.text(20, 24, "Independent samples: one phase.", bold=True)
    figure.text(265, 24, "A shard goes forward and backward at once, in its worker’s lane")
    for worker, y in enumerate((40, 80)):
        works = []
        for k in range(2):
            x = 110 + k * 220
            works += [(x, 78, f"{2 * worker + k}: forward", "blue"), (x + 78, 36, "loss", "orange"),
                      (x + 114, 32, "pen.", "orange"), (x + 146, 66, "backward", "green")]
        row(y, f"worker {worker}", works)
        end(y, "update")
    wait(551, 36)
    figure.text(20, 136, "0 to 3: shards of the batch; pen.: penalties; dashed lines: all workers wait for one another")

    figure.text(20, 176, "Coupled samples: several phases.", bold=True)
    figure.text(265, 176, "A lane for each shard; a phase begins with totals of the whole batch")
    for worker, y in enumerate((192, 232)):
        shards = f"{2 * worker}, {2 * worker + 1}: "
        row(y, f"worker {worker}", [(110, 136, shards + "forward", "blue"), (260, 136, shards + "forward, loss, …", "orange"),
                                    (410, 132, shards + "backward", "green")])
        end(y, "update")
    for x in (253, 403, 551):
        wait(x, 188)
    captions = [(178, "phase 0", "as far as a BatchNorm,", "gather its sums"),
                (328, "phase 1", "to the loss and back to", "it, gather its dsums"), (476, "phase 2", "the rest", "of backward"), (660, "", "then settle: totals become", "running state")]
    for x, *lines in captions:
        for k, text in enumerate(lines):
            figure.text(x, 286 + 14 * k, text, size=11, anchor="middle", bold=k == 0)

    figure.text(20, 352, "The end of a step, over ranges of the flat parameters", bold=True)
    ends = [(20, 215, "reduce", "adds the workers’ gradients"), (282, 215, "exchange", "clipping, other processes"),
            (545, 215, "update", "the optimizer")]
    for x, w, name, what in ends:
        figure.box(x, 366, w, 46, name, colour="violet", small=[what])
    figure.line((235, 389), (282, 389))
    figure.line((497, 389), (545, 389))
    figure.text(20, 432, "With no exchange and no clipping by norm, reduce and update are one pass through memory.", size=11)
    return figure


def convolution():
    figure = Figure(780, 330, "The windows of a convolution and of a transposed convolution on one axis")
    taps = ["blue", "orange", "red"]
    for left, title in ((20, "convolution: correlate"), (410, "transposed convolution: correlate_transpose")):
        figure.text(left, 24, title, bold=True)
        pixel_x = [left + 10 + 50 * (i + 1) for i in range(-1, 6)]  # pixels −1 to 5
        window_x = [pixel_x[2 * w + 1] for w in range(3)]  # window w has its middle over pixel 2w
        down = left > 20
        top, bottom = 90, 200
        for w in range(3):
            for t in range(3):
                p = 2 * w + t - 1
                inside = 0 <= p < 5
                ends = [(pixel_x[p + 1] + 18, bottom), (window_x[w] + 18 + 8 * (t - 1), top)]
                if inside or not down:
                    figure.line(*(ends[::-1] if down else ends), colour=taps[t], dashed=not inside)
        for w in range(3):
            figure.box(window_x[w], 58, 36, 32, f"w{w}", colour="green")
        for i, x in enumerate(pixel_x):
            p = i - 1
            if 0 <= p < 5:
                figure.box(x, 200, 36, 32, f"p{p}", colour="violet" if down and p % 2 else "blue")
            elif not down:
                figure.box(x, 200, 36, 32, "0", dashed=True)
    figure.text(20, 256, "window w meets pixel p by tap t where p = 2 w + t − 1")
    figure.text(20, 274, "(stride 2, three taps, one pixel of padding before)")
    figure.text(20, 292, "y(w) = b + Σ over its taps of W(t) x(p)")
    figure.text(410, 256, "each pixel is written once: it collects from its windows")
    figure.text(410, 274, "even pixels meet tap 1, odd ones taps 0 and 2:")
    figure.text(410, 292, "the two phases of stride 2")
    for k, (name, colour) in enumerate((("tap 0", "blue"), ("tap 1", "orange"), ("tap 2", "red"))):
        figure.line((20 + 90 * k, 316), (50 + 90 * k, 316), colour=colour)
        figure.text(56 + 90 * k, 320, name)
    return figure


def tied():
    figure = Figure(780, 250, "A mirrored decoder, and one whose weights are tied to the encoder's")
    figure.text(20, 24, "encoder", bold=True)
    top = [(20, 60, "x", "plain"), (110, 130, "Dense<512>", "blue"), (270, 100, "ReLU", "green"), (400, 130, "Dense<32>", "blue")]
    bottom = [(20, 60, "y", "plain"), (110, 130, "Dense<784>", "blue"), (270, 100, "ReLU", "green"),
              (400, 130, "Dense<512>", "blue")]
    small = [[], ["W₁, b₁"], [], ["W₂, b₂"]], [[], ["tied: W₁ᵀ, c₁"], [], ["tied: W₂ᵀ, c₂"]]
    for (x, w, name, colour), notes in zip(top, small[0]):
        figure.box(x, 40, w, 44, name, colour=colour, small=notes)
    for (x, w, name, colour), notes in zip(bottom, small[1]):
        figure.box(x, 170, w, 44, name, colour=colour, small=notes)
    figure.text(20, 238, "decoder: the encoder read backwards", bold=True)
    for (x, w, *_), (x2, *_) in zip(top, top[1:]):
        figure.line((x + w, 62), (x2, 62))
        figure.line((x2, 192), (x + w, 192))
    figure.box(600, 104, 100, 44, "code", colour="orange", small=["32 values"])
    figure.line((530, 62), (650, 62), (650, 104))
    figure.line((650, 148), (650, 192), (530, 192))
    for x in (175, 465):
        figure.line((x, 170), (x, 84), colour="violet", dashed=True)
    figure.line((320, 170), (320, 84), colour="grey", dashed=True, arrow=False)
    figure.text(185, 124, "link", colour=LINES["violet"])
    figure.text(475, 124, "link", colour=LINES["violet"])
    figure.text(185, 140, "Tied only", size=11)
    figure.text(475, 140, "Tied only", size=11)
    return figure


def variational():
    figure = Figure(780, 260, "A variational autoencoder: the code is drawn")
    figure.box(20, 90, 50, 44, "x")
    figure.box(100, 90, 90, 44, "encoder", colour="blue")
    figure.box(220, 62, 110, 40, "μ", colour="green", small=["means"])
    figure.box(220, 122, 110, 40, "s", colour="green", small=["log variances"])
    figure.box(400, 84, 140, 56, "z = μ + e^(s/2) ε", colour="orange", small=["GaussianSample"])
    figure.box(570, 90, 90, 44, "decoder", colour="blue")
    figure.box(690, 90, 50, 44, "y")
    figure.box(410, 10, 120, 40, "ε ~ N(0, I)", colour="plain", small=["addressed draws"])
    figure.line((70, 112), (100, 112))
    figure.line((190, 106), (220, 84))
    figure.line((190, 118), (220, 140))
    figure.line((330, 82), (400, 102))
    figure.line((330, 142), (400, 122))
    figure.line((470, 50), (470, 84))
    figure.line((540, 112), (570, 112))
    figure.line((660, 112), (690, 112))
    figure.box(200, 196, 150, 44, "divergence", colour="red", small=["KL(q(z|x) ‖ N(0, I))"])
    figure.line((275, 162), (275, 196), colour="red", dashed=True)
    figure.box(600, 196, 140, 44, "reconstruction", colour="red", small=["−log p(x | z)"])
    figure.line((715, 134), (715, 196), colour="red", dashed=True)
    figure.text(275, 50, "Dense<2 Z>: the heads", anchor="middle")
    figure.text(470, 160, "a prediction takes z = μ", anchor="middle", size=11)
    figure.text(190, 222, "Site::latent", anchor="end")
    figure.text(475, 216, "negative ELBO =", anchor="middle")
    figure.text(475, 233, "reconstruction + β · divergence", anchor="middle")
    return figure


def vector_quantisation():
    figure = Figure(780, 270, "A vector quantiser: every pixel becomes the nearest vector of the codebook")
    figure.box(20, 90, 50, 44, "x")
    figure.box(100, 90, 90, 44, "encoder", colour="blue")
    figure.box(225, 84, 120, 56, "h × w pixels", colour="green", small=["D values each"])
    figure.box(400, 84, 120, 56, "nearest of K", colour="orange", small=["VectorQuantizer"])
    figure.box(575, 90, 90, 44, "decoder", colour="blue")
    figure.box(695, 90, 50, 44, "y")
    for a, b in ((70, 100), (190, 225), (345, 400), (520, 575), (665, 695)):
        figure.line((a, 108), (b, 108))
    figure.line((575, 124), (520, 124), colour="red")
    figure.line((400, 124), (345, 124), colour="red")
    figure.text(500, 160, "backward: dx = dy", colour=LINES["red"], anchor="end")
    for k, name in enumerate(("e₁", "e₂", "e₃", "…", "e_K")):
        figure.box(380 + 32 * k, 22, 32, 28, name, colour="violet", size=12)
    figure.text(370, 40, "codebook: running state", anchor="end")
    figure.line((460, 50), (460, 84), colour="violet")
    figure.line((285, 140), (285, 196), colour="violet", dashed=True)
    figure.box(225, 196, 200, 52, "settle", colour="violet", small=["moving averages of the", "pixels at each e_k"])
    figure.line((225, 222), (205, 222), (205, 66), (396, 66), (396, 50), colour="violet", dashed=True)
    figure.line((512, 140), (590, 196), colour="red", dashed=True)
    figure.box(520, 196, 225, 52, "commitment, β times", colour="red",
               small=["mean of (pixel − e)²: draws the", "encoder’s pixels to the codebook"])
    return figure


def branches():
    figure = Figure(780, 420, "A residual block, and a U-Net of nested skips")
    figure.text(20, 22, "Residual<Conv2D<8, 3>, ReLU,", bold=True, size=11)
    figure.text(20, 38, "Conv2D<8, 3>>", bold=True, size=11)
    names = [("x", "plain"), ("Conv2D<8, 3>", "blue"), ("ReLU", "green"), ("Conv2D<8, 3>", "blue")]
    for k, (name, colour) in enumerate(names):
        figure.box(40, 50 + 70 * k, 130, 36, name, colour=colour)
        if k:
            figure.line((105, 16 + 70 * k), (105, 50 + 70 * k))
    figure.circle(105, 338, 14, "+", colour="orange")
    figure.line((105, 296), (105, 324))
    figure.line((170, 68), (230, 68), (230, 338), (119, 338), colour="orange")
    figure.line((105, 352), (105, 384))
    figure.text(122, 378, "y = f(x) + x")
    figure.text(240, 196, "join", colour=LINES["orange"])

    figure.text(310, 22, "Skip<MaxPool2D<2>, Conv2D, Skip<MaxPool2D<2>,", bold=True, size=11)
    figure.text(310, 38, "Conv2D, UpSample2D<2>>, Conv2D, UpSample2D<2>>", bold=True, size=11)
    levels = [(50, "28 × 28", 310, 680), (150, "14 × 14", 390, 600), (250, "7 × 7", 495, 495)]
    for y, size, left, right in levels:
        if left == right:
            figure.box(left, y, 90, 36, "Conv2D", colour="blue")
            figure.text(left + 45, y + 54, size, anchor="middle")
            continue
        figure.box(left, y, 80, 36, "Conv2D", colour="blue")
        figure.box(right, y, 80, 36, "Conv2D", colour="blue")
        figure.circle(right - 30, y + 18, 13, "‖", colour="orange")
        figure.line((left + 80, y + 18), (right - 43, y + 18), colour="orange")
        figure.line((right - 17, y + 18), (right, y + 18))
        figure.text((left + 80 + right - 43) / 2, y + 12, f"join: {size}", colour=LINES["orange"], anchor="middle")
    figure.line((350, 86), (350, 168), (390, 168))
    figure.text(342, 132, "pool", anchor="end", size=11)
    figure.line((430, 186), (430, 268), (495, 268))
    figure.text(422, 232, "pool", anchor="end", size=11)
    figure.line((570, 250), (570, 182), colour="grey")
    figure.text(580, 232, "upsample", size=11)
    figure.line((650, 150), (650, 82), colour="grey")
    figure.text(660, 132, "upsample", size=11)
    figure.text(310, 344, "‖ : the layers’ output with their input as further channels (Concatenate)")
    figure.text(310, 364, "+ : the layers’ output plus their input (Add)")
    figure.text(310, 384, "backward, a join adds to the gradient of the activation that it reads")
    return figure


def scaling():
    """What benchmarks/ranks_model.py predicts."""
    sys.path.insert(0, str(HERE.parents[1] / "benchmarks"))
    import ranks_model

    model = ranks_model.Model(ranks_model.Measured())
    colours = {"M1": "blue", "M2": "orange", "M3": "green", "M4": "red", "BN": "violet"}
    nodes = [1 << k for k in range(9)]
    figure = Figure(780, 300, "Predicted weak efficiency of several nodes")
    for left, link in zip((60, 430), ranks_model.LINKS):
        figure.text(left, 24, link.name, bold=True, size=13)
        x, y = (lambda k, left=left: left + 34 * k), (lambda share: 250 - 205 * share)
        for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
            figure.line((left, y(share)), (x(8), y(share)), arrow=False, dashed=share not in (0, 1), width=0.5)
            figure.text(left - 8, y(share) + 4, f"{100 * share:.0f} %", anchor="end", size=11)
        for k in range(0, 9, 2):
            figure.text(x(k), 268, str(nodes[k]), anchor="middle", size=11)
        figure.text(x(4), 288, "nodes", anchor="middle", size=11)
        free = []
        for network, batch in ranks_model.NETWORKS.items():
            shares = [1.0] + [model.weak(network, batch, n, link) for n in nodes[1:]]
            figure.line(*((round(x(k), 1), round(y(share), 1)) for k, share in enumerate(shares)), colour=colours[network], arrow=False, width=2)
            free.append((y(shares[-1]), network, batch))
        below = 0.0
        for at, network, batch in sorted(free):
            below = max(at + 4, below + 13)
            figure.text(x(8) + 5, round(below, 1), f"{network}, {batch}", colour=LINES[colours[network]], size=11)
    return figure


FIGURES = {"rooms": rooms, "lane": lane, "step": step, "convolution": convolution, "tied": tied, "variational": variational,
           "vector-quantisation": vector_quantisation, "branches": branches, "scaling": scaling}


def main():
    check = "--check" in sys.argv[1:]
    folder = pathlib.Path(next((a for a in sys.argv[1:] if a != "--check"), HERE))
    stale = []
    for name, draw in FIGURES.items():
        path, svg = folder / f"{name}.svg", draw().svg()
        if not check:
            path.write_text(svg, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != svg:
            stale.append(str(path))
    print("\n".join(f"{path} is not what make_figures.py draws: run it" for path in stale) or f"{len(FIGURES)} figures")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
