// Opens the document of the gateway that served this page. Event streams never end, so they can't be tried out here.
SwaggerUIBundle({
	url: "/openapi.json",
	dom_id: "#explorer",
	deepLinking: true,
	docExpansion: "list",
	defaultModelsExpandDepth: 0,
	displayOperationId: true,
	displayRequestDuration: true,
	filter: true,
	validatorUrl: null,
});
