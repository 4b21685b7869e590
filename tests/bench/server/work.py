"""What is asked: prompts and lengths, the same for whoever is asked, from a seed."""
import math
import random

WORDS = ("the river runs slowly under an old stone bridge while two children throw small red leaves from one side and "
         "look for them on the other because their father told them that water never forgets what it carries even if "
         "nobody believes this story after so many years of rain snow wind and quiet summer evenings in that narrow "
         "valley where bread was baked every morning before dawn by people who knew each stranger within a week").split()


def between(draw, least, most):
    """Small numbers as often as large ones: their logarithms are spread evenly."""
    return round(math.exp(draw.uniform(math.log(least), math.log(most))))


class Work:
    """In: prompt and tokens, (least, most): words of a prompt, tokens of an answer."""

    def __init__(self, model, prompt, tokens, seed=1):
        self.model, self.prompt, self.tokens, self.seed = model, prompt, tokens, seed

    def body(self, client, number):
        """Of a client's number-th request."""
        draw = random.Random(f"{self.seed}/{client}/{number}")
        words = [draw.choice(WORDS) for _ in range(between(draw, *self.prompt))]
        return {"model": self.model, "prompt": " ".join(words), "max_tokens": between(draw, *self.tokens),
                "temperature": 0, "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True}}
