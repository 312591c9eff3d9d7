"""Progress lines of Keras 3 and tf-keras 2 with their clocks stopped.

    python tools/goldens/progress.py > crates/crisol-callbacks/tests/goldens/progress.txt

Every line: style, number of steps, steps done, whether it is the last, seconds of the first step, seconds so far, logs | the text.
"""

import sys
import time

from keras.src.utils import io_utils, progbar
from tf_keras.src.utils import generic_utils
from tf_keras.src.utils import io_utils as old_io_utils

CASES = [
    # steps, done, last, first, now, logs
    (471, 471, 1, 0.5, 49.2, [("loss", 0.66471), ("accuracy", 0.61171), ("val_loss", 0.6313)]),
    (10, 5, 0, 1.0, 70.0, []),
    (10, 1, 0, 0.004, 0.004, [("loss", 2.5)]),
    (1000, 7, 0, 0.2, 0.20063, [("loss", 0.00031415), ("accuracy", 0.0)]),
    (1000, 999, 0, 9.0, 5000.0, [("loss", 12.5)]),
    (5000, 10, 0, 9.0, 50.0, [("loss", 12.5)]),
    (3, 1, 0, 0.5, 0.5, [("loss", float("nan"))]),
    (4, 4, 1, 0.1, 0.1000021, [("loss", 1.0), ("mae", 0.001)]),
    (938, 400, 0, 0.3, 1.7, [("loss", 0.1)]),
]


def clean(text):
    return text.replace("\b", "").replace("\r", "").strip("\n").rstrip(" ").replace("\x1b", "^")


def main():
    messages = []

    def keep(text, line_break=True):
        messages.append(text)

    io_utils.print_msg = keep
    old_io_utils.print_msg = keep
    sys_out = sys.stdout
    clock = [0.0]
    time.time = lambda: clock[0]
    print("# style steps done last first now logs | text, ^ for escape")
    for style, make, verbose in [("bar", progbar.Progbar, 1), ("line", progbar.Progbar, 2), ("classic", generic_utils.Progbar, 1)]:
        for steps, done, last, first, now, logs in CASES + [(None, 3, 0, 0.1, 0.10006, [("loss", 0.5)])]:
            if style == "line" and not last:
                continue
            clock[0] = 1000.0
            bar = make(steps, width=30 if style == "classic" else 20, verbose=verbose, stateful_metrics=[name for name, _ in logs])
            bar._dynamic_display = True
            if done > 1:
                clock[0] = 1000.0 + first
                bar.update(1, logs, finalize=False)
            clock[0] = 1000.0 + now
            messages.clear()
            bar._last_update = 0
            bar.update(done, logs, finalize=bool(last))
            shown = " ".join(f"{name}={value!r}" for name, value in logs)
            print(f"{style} {steps} {done} {last} {first} {now} {shown}|{clean(messages[-1])}", file=sys_out)


main()
