"""A LangGraph program: a node that looks the weather up with a tool, and one that asks a model.

Nothing in it knows Literal; graph, nodes, tool and model call are recorded under

    opentelemetry-instrument python examples/langchain_agent.py

Any host that speaks OpenAI's protocol will do: `OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENAI_MODEL`.
"""

import os
from typing import TypedDict

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph

model = ChatOpenAI(model=os.environ.get("OPENAI_MODEL", "gpt-4o-mini"), max_tokens=48, temperature=0, stream_usage=True)
prompt = ChatPromptTemplate.from_messages(
    [("system", "You are a travel guide. Answer in one sentence."), ("user", "It is {sky} in {city}. What shall I do?")]
)


class Trip(TypedDict, total=False):
    """What the nodes hand on."""

    city: str
    sky: str
    plan: str


@tool
def get_weather(city: str) -> str:
    """Say what the sky is like."""
    return "sunny" if city == "Lisbon" else "cloudy"


def look_up(trip: Trip) -> Trip:
    """Find out what the plan depends on."""
    return {"sky": get_weather.invoke({"city": trip["city"]})}


def plan(trip: Trip) -> Trip:
    """Ask the model, piece by piece."""
    return {"plan": "".join((prompt | model | StrOutputParser()).stream({"city": trip["city"], "sky": trip["sky"]}))}


builder = StateGraph(Trip)
builder.add_node("look_up", look_up)
builder.add_node("plan", plan)
builder.add_edge(START, "look_up")
builder.add_edge("look_up", "plan")
builder.add_edge("plan", END)
planner = builder.compile(name="trip planner")

if __name__ == "__main__":
    print(planner.invoke({"city": "Lisbon"}, {"configurable": {"thread_id": "trip-to-lisbon"}})["plan"])
