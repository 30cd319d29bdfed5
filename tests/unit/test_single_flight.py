"""Equal questions under way share one answer, whoever stays to hear it."""

import asyncio

import pytest

from sanic_swap.single_flight import SingleFlight

KEY, OTHER = b"one", b"another"


class Question:
    """Counts how often it is asked, and answers when it is told to."""

    def __init__(self):
        self.asked = 0
        self.answer = asyncio.get_running_loop().create_future()

    async def ask(self):
        self.asked += 1
        return await self.answer


@pytest.fixture
async def question():
    return Question()


async def asker(flights, key, question):
    return await asyncio.shield(flights.join(key, question.ask))


async def begin(*askers):
    tasks = [asyncio.create_task(one) for one in askers]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def test_a_thousand_equal_questions_are_asked_once(question):
    flights = SingleFlight()
    tasks = await begin(*(asker(flights, KEY, question) for _ in range(1000)))
    answer = object()
    question.answer.set_result(answer)

    answers = await asyncio.gather(*tasks)

    assert answers == [answer] * 1000
    assert (question.asked, flights.joined) == (1, 999)


async def test_other_questions_are_asked_for_themselves(question):
    flights = SingleFlight()
    other = Question()
    tasks = await begin(asker(flights, KEY, question), asker(flights, OTHER, other))
    question.answer.set_result(1)
    other.answer.set_result(2)

    assert await asyncio.gather(*tasks) == [1, 2]


async def test_an_answer_is_not_remembered(question):
    flights = SingleFlight()
    question.answer.set_result(1)
    for _ in range(2):
        await asker(flights, KEY, question)

    assert question.asked == 2


@pytest.mark.parametrize("leaving", [0, 1], ids=["the first", "a later one"])
async def test_an_asker_who_leaves_takes_nobody_down(question, leaving):
    flights = SingleFlight()
    tasks = await begin(*(asker(flights, KEY, question) for _ in range(3)))
    tasks.pop(leaving).cancel()
    question.answer.set_result(1)

    assert await asyncio.gather(*tasks) == [1, 1]


async def test_an_error_is_everybodys(question):
    flights = SingleFlight()
    tasks = await begin(*(asker(flights, KEY, question) for _ in range(3)))
    question.answer.set_exception(LookupError())

    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [LookupError] * 3


async def test_closing_ends_what_nobody_waits_for(question):
    flights = SingleFlight()
    flight = flights.join(KEY, question.ask)

    await flights.close()

    assert flight.cancelled()
