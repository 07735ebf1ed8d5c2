# Two stages: the first builds the environment, the second runs it as an ordinary user.
FROM python:3.11-slim-bookworm AS build

ARG CONSTRAINTS=constraints.txt
# On Linux torch comes with CUDA, several gigabytes of it. Without a GPU: --build-arg PIP="--extra-index-url …", with the
# address of torch's CPU builds.
ARG PIP=""

WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY pyproject.toml README.md LICENSE ${CONSTRAINTS} ./
RUN pip install --no-cache-dir -c "${CONSTRAINTS}" ${PIP} .


FROM python:3.11-slim-bookworm

RUN useradd --create-home --uid 1000 bot \
    && install --directory --owner=bot /data
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY --chown=bot . .
USER 1000
VOLUME /data
# SIGTERM lets the bot hand its work back
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
