# One image for web, worker and migrations; what it runs is the command (see compose.yaml).
FROM python:3.11-slim AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends make unzip && rm -rf /var/lib/apt/lists/*
COPY Makefile requirements.txt rxconfig.py ./
COPY reflex.lock reflex.lock
COPY widget widget
COPY assets assets
COPY privexbot_app privexbot_app
RUN make image

FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH PRIVEXBOT_ENVIRONMENT=production \
    PRIVEXBOT_HOST=0.0.0.0 PRIVEXBOT_DATA_DIR=/data
WORKDIR /app
RUN useradd --create-home --uid 10001 privexbot && mkdir /data && chown privexbot /data
COPY --from=build /app/.venv .venv
COPY --from=build /app/.models .models
COPY --from=build /app/.web/build .web/build
COPY alembic.ini rxconfig.py ./
COPY alembic alembic
COPY privexbot_app privexbot_app
COPY --from=build /app/assets assets
USER privexbot
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"
CMD ["python", "-m", "privexbot_app.cli", "web"]
