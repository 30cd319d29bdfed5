FROM python:3.13-slim AS build
COPY requirements.txt /src/
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r /src/requirements.txt
COPY . /src
RUN /venv/bin/pip install --no-cache-dir --no-deps /src

FROM python:3.13-slim
RUN useradd --system --uid 65532 --no-create-home swap
COPY --from=build /venv /venv
USER 65532
ENV HOST=0.0.0.0 PORT=8080 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
EXPOSE 8080
ENTRYPOINT ["/venv/bin/sanic-swap"]
CMD ["serve"]
