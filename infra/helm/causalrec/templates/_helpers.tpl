{{- define "causalrec.selector" -}}
app.kubernetes.io/name: causalrec
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "causalrec.labels" -}}
{{ include "causalrec.selector" . }}
app.kubernetes.io/part-of: causalrec
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "causalrec.image" -}}
{{- $image := get .root.Values.images .role -}}
{{- with .root.Values.images.registry }}{{ . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag }}{{ end }}
{{- end }}

{{- /* No process is root, and none can become it. */ -}}
{{- define "causalrec.podSecurity" -}}
runAsNonRoot: true
runAsUser: 50000
runAsGroup: 50000
fsGroup: 50000
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "causalrec.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end }}

{{- /* Variables from the settings and from the Secret with the credentials of the stores. */ -}}
{{- define "causalrec.environment" -}}
- configMapRef: {name: {{ .Release.Name }}-environment}
- secretRef: {name: {{ .Values.credentials.secret }}, optional: true}
{{- end }}
