#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes data/ratings: ratings that nobody gave. They are drawn from a model of users and films, the same at every run:

    rating = 2.9 + b_user + b_film + taste_user · kind_film + noise, rounded to 1 … 5

Films have a kind, a vector of 4 values near that of their genre; users have a taste. A few films are rated by many users, most by
few, and users rate more often what they will like. So there is something to learn beyond the biases: a matrix of rank 4.

    python3 tools/make_ratings.py
"""

import gzip
import math
import pathlib
import random

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "data" / "ratings"
USERS, FILMS, RANK, SEED = 600, 400, 4, 20161
GENRES = ("Comedy", "Drama", "Thriller", "Western", "Science Fiction", "Documentary", "Musical", "Crime")


def write(name, text):
    """Without the time in the header, so that the bytes are always the same."""
    with open(FOLDER / name, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed:
        packed.write(text.encode())


def main():
    draw = random.Random(SEED)

    def normal(deviation):
        """Box and Muller: only random(), which Python keeps the same from version to version."""
        return deviation * math.sqrt(-2 * math.log(1 - draw.random())) * math.cos(2 * math.pi * draw.random())

    centres = [[normal(0.6) for _ in range(RANK)] for _ in GENRES]
    genre = [int(draw.random() * len(GENRES)) for _ in range(FILMS)]
    kind = [[c + normal(0.3) for c in centres[g]] for g in genre]
    film_bias = [normal(0.45) for _ in range(FILMS)]
    fame = [1.1 * (1 + draw.random() * FILMS) ** -0.6 for _ in range(FILMS)]
    numbers = [0] * len(GENRES)
    titles = []
    for g in genre:
        numbers[g] += 1
        titles.append(f"{GENRES[g]} {numbers[g]}")

    lines, used = [], set()
    for user in range(USERS):
        taste, bias, zeal = [normal(0.7) for _ in range(RANK)], normal(0.35), 0.4 + 2.2 * draw.random() ** 3
        for film in range(FILMS):
            liking = sum(t * k for t, k in zip(taste, kind[film]))
            wish = zeal * fame[film] * math.exp(1.1 * liking + 0.5 * film_bias[film])
            seen, noise = draw.random(), normal(0.75)
            if seen < wish:
                rating = min(5, max(1, round(2.9 + bias + film_bias[film] + liking + noise)))
                lines.append((draw.random(), user, film, rating))
                used.add(film)
    lines.sort()
    FOLDER.mkdir(parents=True, exist_ok=True)
    write("ratings.csv.gz", "userId,movieId,rating\n" + "".join(f"{user + 1},{film + 1},{rating}\n" for _, user, film, rating in lines))
    write("movies.csv.gz", "movieId,title,genres\n" + "".join(f"{film + 1},{titles[film]},{GENRES[genre[film]]}\n" for film in range(FILMS) if film in used))
    share = {value: sum(line[3] == value for line in lines) for value in range(1, 6)}
    print(f"{len(lines)} ratings of {len(used)} films by {len({line[1] for line in lines})} users: {share}")


if __name__ == "__main__":
    main()
