#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The sum of a metric's samples that have all the labels: metric.py NAME [LABEL=VALUE]..."""

import re
import sys

SAMPLE = re.compile(r'^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def main():
    name, wanted = sys.argv[1], dict(argument.split("=", 1) for argument in sys.argv[2:])
    values = []
    for line in sys.stdin:
        sample = SAMPLE.match(line)
        if sample and sample["name"] == name:
            labels = dict(LABEL.findall(sample["labels"] or ""))
            if wanted.items() <= labels.items():
                values.append(float(sample["value"]))
    if not values:
        sys.exit(f"no sample of {name} with {wanted}")
    total = sum(values)
    print(int(total) if total.is_integer() else total)


if __name__ == "__main__":
    main()
